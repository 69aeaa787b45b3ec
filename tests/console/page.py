"""The console in a browser: found as its users find things, by what they are called."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

# Seconds.
PATIENCE = 15

ARGUMENTS = (
    "--headless --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --no-sandbox"
)

# A screen of a desk, and one of a phone.
DESK, HAND = (1280, 960), (390, 844)


class Page:
    def __init__(self, url: str, pictures: Path):
        self.url, self.pictures = url, pictures
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        for argument in (*ARGUMENTS.split(), f"--user-data-dir={self.profile.name}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(PATIENCE * 4)
        self.screen(DESK)
        self.driver.get(url)

    def close(self) -> None:
        self.driver.quit()
        self.profile.cleanup()

    def screen(self, size: tuple[int, int], dark: bool = False) -> None:
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def picture(self, name: str) -> None:
        self.driver.save_screenshot(str(self.pictures / f"{name}.png"))

    # What is there.

    def wait(self, condition, what: str):
        """What the condition comes to, once that is something."""
        waiting = WebDriverWait(self.driver, PATIENCE, 0.1, [NoSuchElementException, StaleElementReferenceException])
        return waiting.until(lambda _: condition(), what)

    def find(self, selector: str, within: WebElement | None = None) -> WebElement:
        """The first that is there and shown."""
        found = (within or self.driver).find_elements(By.CSS_SELECTOR, selector)
        shown = [element for element in found if element.is_displayed()]
        if not shown:
            raise NoSuchElementException(selector)
        return shown[0]

    def card(self, where: str, name: str, *words: str) -> WebElement:
        """The first of Factors, Challenges or phones with this name and these words, once it is there. It is another one as
        soon as there is something else to show, so that it is good for a look at most."""

        def found():
            for card in self.driver.find_elements(By.CSS_SELECTOR, f"#{where} article"):
                if card.find_element(By.TAG_NAME, "h3").text == name and all(word in card.text for word in words):
                    return card
            return None

        return self.wait(found, f"{name} with {words} under {where}")

    def button(self, name: str, within: WebElement | None = None) -> WebElement:
        buttons = (within or self.driver).find_elements(By.TAG_NAME, "button")
        return next(button for button in buttons if button.text == name and button.is_displayed() and button.is_enabled())

    def click(self, name: str, where: str | None = None) -> None:
        """A button, once it is there."""

        def clicked():
            try:
                self.button(name, self.find(where) if where else None).click()
            except StopIteration:
                return False
            return True

        self.wait(clicked, f"a button {name}")

    def hears(self, words: str) -> None:
        """What a screen reader is told."""
        self.wait(lambda: words in self.driver.find_element(By.ID, "said").text, f"it says {words}")

    def requests(self) -> list[str]:
        return [entry.text for entry in self.driver.find_elements(By.CSS_SELECTOR, "#requests li")]

    def logs(self, *words: str) -> None:
        """A request with these words is the newest of those that have the first."""

        def logged():
            entry = next((entry for entry in self.requests() if words[0] in entry), "")
            return all(word in entry for word in words)

        self.wait(logged, f"the log has {words}")

    # What is done.

    def fill(self, values: dict[str, str]) -> None:
        """Fields of the dialog, by the names of the parameters."""
        for name, value in values.items():
            element = self.find(f'dialog [name="{name}"]')
            if element.tag_name == "select":
                Select(element).select_by_visible_text(value)
            elif element.get_attribute("type") == "radio":
                self.find(f'dialog [name="{name}"][value="{value}"]').click()
            else:
                element.clear()
                element.send_keys(value)

    def create(self, button: str, values: dict[str, str]) -> None:
        self.click(button)
        self.fill(values)
        self.click("Create", "dialog")
        self.wait(lambda: not self.driver.find_elements(By.TAG_NAME, "dialog"), "the dialog is done")

    def type_code(self, code: str, *card: str) -> None:
        field = lambda: self.find("[name=AuthPayload]", self.card(*card))
        self.wait(lambda: field().send_keys(code, Keys.ENTER) or True, "a code is typed")

    def shows_code(self, right: Callable[[], str], *card: str) -> None:
        """It may be read as it ends."""
        self.wait(lambda: self.find(".now strong", self.card(*card)).text == right(), "the code that is now")

    def copied(self, how: str) -> str:
        """The request of the dialog, for elsewhere."""
        details = self.find("dialog details")
        if not details.get_attribute("open"):
            self.find("summary", details).click()
        return self.find(f'pre[aria-label="As {how}"]', details).text

    def clipboard(self) -> str:
        permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": self.url}
        self.driver.execute_cdp_cmd("Browser.grantPermissions", permissions)
        return self.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], arguments[0])")

    def qr_code(self, *card: str) -> str:
        """What is read off the screen."""
        self.wait(lambda: not self.driver.find_elements(By.CSS_SELECTOR, "#said.shown"), "nothing lies over it")
        picture = self.pictures / "qr.png"

        def read():
            # What is above may change meanwhile, and move it.
            image = self.find("img", self.card(*card))
            self.driver.execute_script('arguments[0].scrollIntoView({block: "center"})', image)
            picture.write_bytes(image.screenshot_as_png)
            output = subprocess.run(["zbarimg", "--quiet", "--raw", picture], capture_output=True, text=True)
            return output.stdout.strip()

        return self.wait(read, "a QR code is read")

    # What holds.

    def violations(self, axe: str) -> list[str]:
        """What axe-core finds wrong with the page as it is."""
        if not self.driver.execute_script("return Boolean(window.axe)"):
            self.driver.execute_script(axe)
        run = "const done = arguments[0]; axe.run().then(({violations}) => done(JSON.stringify(violations)), done)"
        found = json.loads(self.driver.execute_async_script(run))
        return [f"{each['id']}: {each['help']}: {node['html']}" for each in found for node in each["nodes"]]

    def complaints(self) -> list[str]:
        """What the browser complains of, refusals of the API aside."""
        told = [entry["message"] for entry in self.driver.get_log("browser")]
        return [message for message in told if "/v2/Services" not in message]
