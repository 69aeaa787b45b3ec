"""The console of the local server in a browser, from a Service to a push that is denied.

Usage: console.py http://127.0.0.1:9000 DIRECTORY axe.min.js

The pictures of what it does are in the directory then.
"""

import json
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlencode

import pyotp
from page import DESK, HAND, Page
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

URL, PICTURES, AXE = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]).read_text()
ACCOUNT_SID, AUTH_TOKEN = "AC0123456789abcdef0123456789abcdef", "local-auth-token"
IDENTITY = "7f4c9f2e-ann"
MESSAGE = "Do you log in to Owl Bank?"

PICTURES.mkdir(parents=True, exist_ok=True)


def as_backend(method, path, form=None):
    """A call of somebody else's."""
    basic = b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
    body = urlencode(form).encode() if form else None
    request = urllib.request.Request(URL + path, body, {"Authorization": f"Basic {basic}"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


def wrong_code(app):
    near = {app.at(int(time.time()) + steps * app.interval) for steps in range(-3, 5)}
    return next(code for code in map("{:06}".format, range(1_000_000)) if code not in near)


def next_code(app):
    """The code of the next time step, which is good already, and not the one that was used."""
    return app.at(int(time.time()) + app.interval)


def shows_a_service_that_it_creates(page):
    page.create("New Service", {"FriendlyName": "Nest"})
    page.hears("Service Nest was created.")
    current = lambda: page.find("#services [aria-current]").text.split()
    page.wait(lambda: current()[0] == "Nest", "it is looked at")
    page.service = current()[1]
    page.entity = f"/v2/Services/{page.service}/Entities/{IDENTITY}"


def says_which_parameters_are_wrong(page):
    page.click("New Factor")
    page.fill({"Identity": IDENTITY, "FriendlyName": " ", "Config.TimeStep": "5"})
    page.click("Create", "dialog")
    refusal = page.wait(lambda: page.find("dialog [role=alert]"), "the refusal")
    assert "60306" in refusal.text and "FriendlyName" in refusal.text and "Config.TimeStep" in refusal.text, refusal.text
    invalid = [element.get_attribute("name") for element in page.driver.find_elements(By.CSS_SELECTOR, "[aria-invalid]")]
    assert invalid == ["FriendlyName", "Config.TimeStep"], invalid
    assert page.driver.switch_to.active_element.get_attribute("name") == "FriendlyName"
    page.picture("refused")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.logs("CreateFactor", "400", "60306", "FriendlyName", "Config.TimeStep", "by account")


def enrols_by_qr_code(page):
    page.create("New Factor", {"Identity": IDENTITY, "FriendlyName": "Laptop"})
    uri = page.qr_code("factors", "Laptop", "unverified")
    assert uri.startswith("otpauth://totp/Nest:Laptop?") and uri in page.card("factors", "Laptop").text, uri
    page.app = pyotp.parse_uri(uri)
    page.shows_code(page.app.now, "factors", "Laptop")
    page.picture("enrol")
    page.type_code(page.app.now(), "factors", "Laptop")
    page.hears("The code is right: verified.")
    page.card("factors", "Laptop", "verified")
    page.logs("UpdateFactor", "200", "verified")
    page.picture("verified")


def logs_in_by_a_code(page):
    page.type_code(next_code(page.app), "factors", "Laptop", "verified")
    page.hears("The code is right: approved.")
    page.card("challenges", "A login with Laptop", "approved")
    page.logs("CreateChallenge", "201", "approved")
    page.picture("login")


def tells_of_a_wrong_code(page):
    page.type_code(wrong_code(page.app), "factors", "Laptop", "verified")
    page.hears("Still pending: the code is wrong")
    page.logs("CreateChallenge", "201", "pending", "The code is wrong, and was counted.")
    page.type_code(wrong_code(page.app), "challenges", "A login with Laptop", "pending", "Time left")
    page.hears("Still pending: the code is wrong")
    page.logs("AnswerChallenge", "200", "pending", "The code is wrong, and was counted.")
    page.picture("wrong-code")


def enrols_as_a_phone(page):
    token = as_backend("POST", f"/v2/Services/{page.service}/AccessTokens", {"Identity": IDENTITY, "FactorType": "push"})
    page.create("Enrol this browser", {"Identity": IDENTITY, "FriendlyName": "Phone", "Token": token["token"]})
    page.card("phones", "Phone", "verified", "Nothing waits.")
    page.card("factors", "Phone", "push", "verified")
    page.logs("UpdateFactor", "200", "by device", "verified")


def keeps_a_key_that_nobody_can_export(page):
    export = """
        const done = arguments[0];
        indexedDB.open("verify-factors").onsuccess = ({target}) =>
          target.result.transaction("phones").objectStore("phones").getAll().onsuccess = ({target}) =>
            crypto.subtle.exportKey("pkcs8", target.result[0].key).then(() => done("exported"), ({name}) => done(name))
    """
    assert page.driver.execute_async_script(export) == "InvalidAccessError"


def approves_a_push(page):
    fields = "Browser: Firefox on Linux\nPlace: Zürich"
    page.create("New Challenge", {"FactorSid": "Phone (push, verified)", "Details.Message": MESSAGE, "Details.Fields": fields})
    phone = page.card("phones", "Phone", MESSAGE, "Firefox on Linux", "Zürich", "Time left")
    assert page.driver.title.startswith("(1) "), page.driver.title
    page.picture("push-waits")
    page.screen(HAND, dark=True)
    page.driver.execute_script("arguments[0].scrollIntoView()", page.find(".phones"))
    page.picture("push-waits-hand")
    page.screen(DESK)
    page.click("Approve", f'#phones [data-sid="{phone.get_attribute("data-sid")}"]')
    page.card("challenges", MESSAGE, "approved", "Answered")
    page.card("phones", "Phone", "approved", "Nothing waits.")
    page.logs("AnswerChallenge", "200", "by device", "approved")
    page.picture("push-approved")


def keeps_the_phone_over_a_reload_and_denies_what_a_backend_asks(page):
    page.driver.refresh()
    phone = page.card("phones", "Phone", "verified", "Nothing waits.")
    # By itself: nobody touches the page.
    form = [("FactorSid", phone.get_attribute("data-sid")), ("Details.Message", "Do you pay € 9,999?")]
    asked = as_backend("POST", f"{page.entity}/Challenges", form)
    page.card("phones", "Phone", "Do you pay € 9,999?")
    page.hears("A Challenge waits on the phone: Do you pay € 9,999?")
    page.picture("push-after-reload")
    page.click("Deny", "#phones")
    page.card("challenges", "Do you pay € 9,999?", "denied")
    assert as_backend("GET", f"{page.entity}/Challenges/{asked['sid']}")["status"] == "denied"
    page.picture("push-denied")


def says_when_a_signature_was_refused(page):
    page.create("New Challenge", {"FactorSid": "Phone (push, verified)", "Details.Message": MESSAGE})
    page.card("phones", "Phone", MESSAGE)
    page.find('#phones [data-act="more"]').click()
    page.find('#phones [data-act="spoil"]').click()
    page.click("Approve", "#phones")
    page.card("phones", "Phone", "the signature was refused", "60324")
    page.logs("AnswerChallenge", "403", "60324", "The signature, or what was signed, is not right.")
    page.card("challenges", MESSAGE, "pending")
    page.picture("signature-refused")
    page.find('#phones [data-act="spoil"]').click()
    page.click("Approve", "#phones")
    page.card("phones", "Phone", "approved", "Nothing waits.")


def does_the_same_elsewhere(page):
    for how, name, run in (("curl", "It's curl", ["bash", "-c"]), ("Python", 'Python "1"', [sys.executable, "-c"])):
        page.click("New Factor")
        page.fill({"Identity": IDENTITY, "FriendlyName": name, "Config.CodeLength": "8"})
        request = page.copied(how)
        page.click("Copy as curl" if how == "curl" else "as Python", "dialog")
        page.hears(f"Copied it as {how}.")
        assert page.clipboard().strip() == request
        page.click("Cancel", "dialog")
        subprocess.run([*run, request], check=True, capture_output=True, timeout=60)
        page.card("factors", name, "8 digits", "Its code now")
    page.click("New Challenge")
    page.fill({"FactorSid": "Phone (push, verified)", "Details.Message": "By Python?", "Details.Fields": "Place: Wien\nApp: 1"})
    request = page.copied("Python")
    page.click("Cancel", "dialog")
    subprocess.run([sys.executable, "-c", request], check=True, capture_output=True, timeout=60)
    page.card("phones", "Phone", "By Python?", "Wien")
    page.click("Deny", "#phones")
    page.card("challenges", "By Python?", "denied")


def keeps_what_is_typed_while_others_do_something(page):
    typed = page.find("[name=AuthPayload]", page.card("factors", "Laptop", "verified"))
    typed.send_keys("12")
    form = {"FriendlyName": "Elsewhere", "FactorType": "totp"}
    as_backend("POST", f"{page.entity}/Factors", form)
    page.card("factors", "Elsewhere", "Its code now")
    assert page.driver.switch_to.active_element == typed and typed.get_attribute("value") == "12"
    typed.clear()


def goes_by_the_configuration_of_a_factor_as_it_is_now(page):
    sid = page.card("factors", "It's curl", "8 digits").get_attribute("data-sid")
    as_backend("POST", f"{page.entity}/Factors/{sid}", {"Config.CodeLength": "6", "Config.Alg": "sha256"})
    card = ("factors", "It's curl", "6 digits", "sha256")
    app = pyotp.parse_uri(page.qr_code(*card))
    assert (app.digits, app.digest().name) == (6, "sha256")
    page.shows_code(app.now, *card)


def forgets_a_factor_that_is_deleted(page):
    sid = page.card("factors", "It's curl").get_attribute("data-sid")
    page.click("Delete", f'#factors [data-sid="{sid}"]')
    page.driver.switch_to.alert.accept()
    page.wait(lambda: "It's curl" not in page.find("#factors").text, "the Factor is gone")
    known = urllib.request.urlopen(f"{URL}/console/codes?{sid}").read()
    assert json.loads(known) == {}, known


def logs_what_was_done_and_not_what_it_reads(page):
    # Others may have used the server before, and have read what they like.
    logged = [entry for entry in page.driver.find_elements(By.CSS_SELECTOR, "#requests li") if page.service in entry.text]
    operations = {entry.find_element(By.TAG_NAME, "strong").text for entry in logged}
    assert "CreateFactor" in operations and not [name for name in operations if name.startswith("List")], operations
    shown = page.driver.find_element(By.ID, "requests").text
    assert page.app.secret not in shown and AUTH_TOKEN not in shown


def is_used_by_keyboard(page):
    page.driver.refresh()
    page.card("phones", "Phone", "verified")
    focused = lambda: page.driver.switch_to.active_element
    focused().send_keys(Keys.TAB)
    assert focused().text == "Skip to Factors and Challenges", focused().text
    focused().send_keys(Keys.ENTER)
    assert focused().get_attribute("id") == "main"
    for _ in range(20):
        if focused().text == "New Factor":
            break
        focused().send_keys(Keys.TAB)
    focused().send_keys(Keys.ENTER)
    page.wait(lambda: page.find("dialog[open]"), "the dialog")
    focused().send_keys(Keys.ESCAPE)
    page.wait(lambda: not page.driver.find_elements(By.TAG_NAME, "dialog"), "it is closed")
    assert focused().text == "New Factor", focused().text


def is_readable_by_everybody(page):
    for name, size, dark in (("desk", DESK, False), ("desk-dark", DESK, True), ("hand", HAND, False), ("hand-dark", HAND, True)):
        page.screen(size, dark)
        wide = page.driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide"
        page.driver.execute_script("scrollTo(0, 0)")
        page.picture(name)
        for button in (None, "New Service", "New Factor", "Enrol this browser", "New Challenge"):
            if button:
                page.click(button)
                page.picture(f"{name}-{button.lower().replace(' ', '-')}")
            violations = page.violations(AXE)
            assert not violations, f"{name}, {button}: " + "\n".join(violations)
            if button:
                page.click("Cancel", "dialog")
    page.screen(DESK)


SCENARIOS = [
    shows_a_service_that_it_creates,
    says_which_parameters_are_wrong,
    enrols_by_qr_code,
    logs_in_by_a_code,
    tells_of_a_wrong_code,
    enrols_as_a_phone,
    keeps_a_key_that_nobody_can_export,
    approves_a_push,
    keeps_the_phone_over_a_reload_and_denies_what_a_backend_asks,
    says_when_a_signature_was_refused,
    does_the_same_elsewhere,
    keeps_what_is_typed_while_others_do_something,
    goes_by_the_configuration_of_a_factor_as_it_is_now,
    forgets_a_factor_that_is_deleted,
    logs_what_was_done_and_not_what_it_reads,
    is_used_by_keyboard,
    is_readable_by_everybody,
]

page = Page(URL, PICTURES)
try:
    for scenario in SCENARIOS:
        scenario(page)
        complaints = page.complaints()
        assert not complaints, complaints
        print(f"The console {scenario.__name__.replace('_', ' ')}.")
    as_backend("DELETE", f"/v2/Services/{page.service}")
except BaseException:
    page.picture("failed")
    raise
finally:
    page.close()
