"""What to say when packages that a network needs are missing or do not fit together."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version


def mend(name: str, error: Exception, *, needs: str) -> str:
    """One sentence for the `error` of importing what segmenter `name` stands on; needs: a pip line."""
    words = " ".join(str(error).split())
    if _version("torchvision") and not _starts("torchvision"):
        torch = _version("torch").split("+")[0]
        minor = torch.split(".")[1] if torch.count(".") else "*"
        fitting = f"0.{int(minor) + 15}.*" if minor.isdigit() else "*"  # torch 2.n and torchvision 0.(n + 15)
        return (
            f"{name} cannot start because torchvision {_version('torchvision')} does not fit torch "
            f"{_version('torch')}; remove it, or for a CPU: pip install --force-reinstall --no-deps "
            f"torchvision=={fitting} --index-url https://download.pytorch.org/whl/cpu."
        )
    if "timm" in words:
        return f"{name} needs the package timm: pip install timm."
    return f"{name} cannot start ({words[:160] or type(error).__name__}); it needs: {needs}"


def _starts(package: str) -> bool:
    try:
        import_module(package)
    except Exception:  # a package built against another one fails in many ways
        return False
    return True


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
