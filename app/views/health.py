"""Page for operators: what works, what does not, and what to do."""

from app.panels.health import show_health
from app.widgets import page
from bankseg_assets.runtime.settings import load_settings

page.begin_with_data("Health", "Does everything work, and what is to be done?")
show_health(load_settings())
