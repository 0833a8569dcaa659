"""Systems: clip + expression -> tracks + reasoning."""

from core.systems.protocol import Found, Referral, Step, System

__all__ = ["Found", "Referral", "Step", "System"]
