"""Page for reviewers: the audit log."""

from app.panels.audit import show_audit
from app.widgets import page
from bankseg_assets.runtime.settings import load_settings

page.begin_with_data("Audit", "Who did what, when and why?")
show_audit(load_settings())
