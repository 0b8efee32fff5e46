"""Pages of reports on Dagster's web server, so that a link in an asset's metadata opens them."""

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.storage.report_pages import REPORTS_PATH, report_page

# Of no origin: should a bank's text ever become a script, it could not send requests to Dagster.
_HEADERS = {
    "Content-Security-Policy": "sandbox allow-scripts allow-downloads",
    "X-Content-Type-Options": "nosniff",
}
_GONE = (
    "There is no page of this version: it was removed, because only the last versions are kept. "
    "Open the link of a newer materialization."
)


def report(request: Request) -> Response:
    """Answer with a report's page."""
    names = request.path_params
    page = report_page(load_settings().published_dir, names["asset"], names["version"])
    if page is None:
        return PlainTextResponse(_GONE, status_code=404)
    return FileResponse(page, media_type="text/html", headers=_HEADERS)


REPORTS = Route(f"{REPORTS_PATH}/{{asset}}/{{version}}", report)
