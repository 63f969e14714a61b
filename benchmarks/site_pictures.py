"""Takes the pictures of the player that the site's index shows, in light and dark.

They are taken of the console of this tree, so they are as the page is now. It needs a Chromium.
"""

from io import BytesIO
from typing import Any

from PIL import Image

from harness.site.pictures import KEPT, PICTURES, SCHEMES, TALL, WIDE, Picture
from tests.live.console_page import Page, browser, console

COLOURS = 128
"""In a picture: enough for letters' edges, and a third of the bytes."""
VIEWPORT_TALL = 1600
KEYS = {"follow": "f"}
"""What opens a part of the page."""


def taken(page: Page, picture: Picture) -> bytes:
    """Open a picture's run, and take it from the headline, or the part's top, downwards."""
    page.open(picture.address)
    at = "main"
    if picture.view:
        page.press(KEYS[picture.view])
        at = f"#{picture.view}"
        page.page.wait_for_selector(f"{at} h2")
    page.page.evaluate("document.activeElement.blur()")
    top = page.page.locator(at).bounding_box()["y"]
    clip = {"x": 0, "y": top, "width": WIDE, "height": TALL}
    return bytes(page.page.screenshot(clip=clip, animations="disabled"))


def main() -> None:
    """Take all of them, in the place where the site's build finds them."""
    KEPT.mkdir(exist_ok=True)
    with console() as address, browser() as chromium:
        for scheme in SCHEMES:
            for picture in PICTURES:
                _keep(chromium, address, picture, scheme)


def _keep(chromium: Any, address: str, picture: Picture, scheme: str) -> None:  # noqa: ANN401
    page = Page(chromium, address, color_scheme=scheme, reduced_motion="reduce")
    page.page.set_viewport_size({"width": WIDE, "height": VIEWPORT_TALL})
    with Image.open(BytesIO(taken(page, picture))) as image:
        image.convert("RGB").quantize(COLOURS).save(KEPT / picture.file(scheme), optimize=True)
    page.close()


if __name__ == "__main__":
    main()
