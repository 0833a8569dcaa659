# docker build -t refavs-studio .     (docs/deploy.md says how to run it)
FROM python:3.12-slim AS build
# https://download.pytorch.org/whl/cu128 for a GPU
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY . /source
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir "torch>=2.8,<2.14" --index-url "$TORCH_INDEX" \
    && /venv/bin/pip install --no-cache-dir "/source[postgres]"

FROM python:3.12-slim
RUN useradd --create-home --uid 1000 refavs && install -d -o refavs /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH REFAVS_DATA_DIR=/data REFAVS_LOG=json
USER 1000
WORKDIR /home/refavs
VOLUME /data
EXPOSE 7860
HEALTHCHECK --start-period=60s --timeout=10s CMD ["python", "-c", \
    "import urllib.request as web; web.urlopen('http://127.0.0.1:7860/gradio_api/refavs/health', timeout=8)"]
ENTRYPOINT ["python", "-m", "launch", "--host", "0.0.0.0"]
