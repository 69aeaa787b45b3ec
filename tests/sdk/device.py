"""A device that does as the official SDKs do, Android's (0.9.0) and iOS's (3.0.2) in turn, against a running function.

Usage: device.py http://127.0.0.1:9000

Neither SDK runs without a phone, so what they do is written down here: what they send, how it is encoded, and what they need
of an answer. What one of them would fail at ends the run. The files and classes named are those of twilio-verify-android and
twilio-verify-ios.
"""

import base64
import contextlib
import http.client
import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

sys.path.append(str(Path(__file__).parents[1]))
from phone import JWT_TIME, SIGNATURE_FIELDS, Phone

BASE_URL = sys.argv[1]
ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"
AUTH_TOKEN = "local-auth-token"
# Seconds.
ANSWER_TIME = 20
FORM = "application/x-www-form-urlencoded"

# What forms, JSON or both escape, and each SDK in its own way.
FRIENDLY_NAME = "Jürgen's Telefon; 100 % = a+b/c? 🦉"
METADATA = {"os/版": 'say "ü" \\ + 🦉'}
DETAILS = {
    "message": 'Log in to "Öwl/Nest" \\ 🦉\n\tNow? a+b=c & 100 %\u2028\x1f',
    "fields": [{"label": "Browser/版", "value": '"Firefox" \\/ Linux'}, {"label": "Ort", "value": "Zürich 🦉"}],
}
HIDDEN_DETAILS = {"ip/netz": "192.0.2.1/24", "größe": '½ \\ "🦉"'}

# Seconds that a clock is fast, and how many retries it takes until it is right. A JWT is good from 30 s before `nbf`, the
# device's now, to 30 s after `exp`, 10 min later: a slow clock is no trouble before that.
CLOCKS = {15: 0, 300: 1, -300: 0, -615: 0, -660: 1}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message
    body: bytes

    def header(self, name: str) -> str | None:
        """A header by its name in any case. Of two, one SDK would take the first, and the other both as one."""
        values = self.headers.get_all(name, [])
        assert len(values) <= 1, f"{name} is there more than once: {values}"
        return values[0] if values else None

    def json(self) -> Any:
        return json.loads(self.body)


class Refusal(Exception):
    """An answer that is no success, as iOS reads it (NetworkProvider+Models.swift). Android takes a `code` of any type, but
    without a body it loses the status too (NetworkAdapter.kt)."""

    def __init__(self, reply: Reply):
        assert reply.body, f"{reply.status} without a body"
        error = reply.json()
        self.status, self.code = reply.status, member(error, "code", int)
        self.date = reply.header("Date")
        super().__init__(f"{self.status} {self.code} {member(error, 'message', str)}")


class MapperError(Exception):
    """An answer that an SDK's mappers can't read, which its app gets to know as a failure."""


def member(body: Any, name: str, kind: type) -> Any:
    """A member that both need, of the type that iOS needs; Android would make a text of anything, and "null" of null."""
    value = body.get(name) if isinstance(body, dict) else None
    # A boolean is an int to Python alone.
    if type(value) is not kind:
        raise MapperError(f"`{name}` is no {kind.__name__} in {body}")
    return value


def texts(body: dict, name: str) -> dict[str, str] | None:
    """A member that is away, null or an object of strings."""
    value = body.get(name)
    if value is not None and not (isinstance(value, dict) and all(isinstance(text, str) for text in value.values())):
        raise MapperError(f"`{name}` is no object of strings in {body}")
    return value


def exchange(method: str, target: str, headers: dict[str, str], body: bytes | None) -> Reply:
    """A call over a connection of its own. Below 300 is a success to both (NetworkAdapter.kt, NetworkAdapter.swift)."""
    connection = http.client.HTTPConnection(urlsplit(BASE_URL).netloc, timeout=ANSWER_TIME)
    with contextlib.closing(connection):
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        reply = Reply(response.status, response.headers, response.read())
    if reply.status >= 300:
        raise Refusal(reply)
    return reply


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@contextlib.contextmanager
def refused(status: int, code: int) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        assert (refusal.status, refusal.code) == (status, code), refusal
        return
    raise AssertionError(f"it was done, and not refused with {status} {code}")


def as_account(method: str, path: str, form: list[tuple[str, Any]] | dict[str, Any] | None = None) -> Any:
    headers = {"Authorization": basic(ACCOUNT_SID, AUTH_TOKEN), "Content-Type": FORM}
    reply = exchange(method, path, headers, urlencode(form).encode() if form else None)
    return reply.json() if reply.body else None


def shown_at(url: str) -> Any:
    return as_account("GET", url.removeprefix(BASE_URL))


@dataclass(frozen=True)
class User:
    """An Entity, and what the backend of an app does for it with the account's credentials."""

    service_sid: str
    identity: str

    @property
    def path(self) -> str:
        return f"/v2/Services/{self.service_sid}/Entities/{self.identity}"

    def access_token(self, **parameters: Any) -> dict[str, Any]:
        """A new Access Token."""
        path = f"/v2/Services/{self.service_sid}/AccessTokens"
        made = as_account("POST", path, {"Identity": self.identity, "FactorType": "push"} | parameters)
        assert (made["account_sid"], made["service_sid"]) == (ACCOUNT_SID, self.service_sid), made
        assert (made["entity_identity"], made["factor_type"]) == (self.identity, "push"), made
        assert made["factor_friendly_name"] == parameters.get("FactorFriendlyName"), made
        assert made["ttl"] == parameters.get("Ttl", 60), made
        assert made["sid"].startswith("YK") and made["url"] == f"{BASE_URL}{path}/{made['sid']}", made
        # It is the password of a Basic header.
        token = member(made, "token", str)
        assert token.isascii() and token.isprintable() and len(token) <= 1000, token
        assert shown_at(made["url"]) == made, made
        return made

    def challenge(self, factor_sid: str, details: dict = DETAILS, hidden_details: dict | None = HIDDEN_DETAILS) -> str:
        """The SID of a new Challenge. `Details.Fields` is repeated."""
        form = [("FactorSid", factor_sid), ("Details.Message", details["message"])]
        form += [("Details.Fields", json.dumps(field)) for field in details["fields"]]
        if hidden_details is not None:
            form.append(("HiddenDetails", json.dumps(hidden_details)))
        return as_account("POST", f"{self.path}/Challenges", form)["sid"]


class Clock:
    """A device's clock, and the correction that an SDK keeps (DateProvider.kt, DateProvider.swift)."""

    def __init__(self, fast: int):
        self.fast, self.correction = fast, 0

    def local(self) -> int:
        return int(time.time()) + self.fast

    def now(self) -> int:
        return self.local() + self.correction

    def set_by(self, date: str | None) -> None:
        """By the header `Date`, in the only form that iOS reads: `EEE, dd MMM yyyy HH:mm:ss zzz` (RFC 1123)."""
        assert date, "a 401 without Date"
        right = datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=timezone.utc)
        self.correction = int(right.timestamp()) - self.local()


@dataclass(frozen=True)
class Factor:
    sid: str
    friendly_name: str
    account_sid: str
    status: str
    credential_sid: str
    platform: str | None
    metadata: dict[str, str] | None


@dataclass(frozen=True)
class Challenge:
    sid: str
    status: str
    message: str
    fields: list[dict[str, str]]
    hidden_details: dict[str, str] | None
    # What it is answered by, while it is pending.
    signature_fields: list[str]
    response: dict[str, Any]


class Device(ABC):
    """What both SDKs do alike: the order of their calls, and what they take from an answer."""

    name: str
    user_agent: str
    sdk_version: str
    platform: str
    push_token: str
    date_format: str
    # That of a DELETE.
    no_body: bytes | None
    # Since it was enrolled.
    factor: Factor

    def __init__(self, user: User, fast: int = 0):
        self.user, self.clock, self.phone = user, Clock(fast), Phone()
        self.retries = 0

    @abstractmethod
    def encoded(self, parameters: dict[str, Any]) -> str:
        """A form, or a query."""

    @abstractmethod
    def token_in(self, url: str) -> str | None:
        """The parameter `PageToken` of the URL of a page, which is all that is read of it (ChallengeListMapper)."""

    def written(self, value: dict) -> str:
        """JSON in which `/` is escaped and no letter is, like that of Android's org.json and iOS's JSONSerialization."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")

    # What it signs.

    def jws(self, header: dict, payload: dict) -> str:
        """JwtGenerator and JwtSigner: R and S have 32 bytes each. iOS pads a short one with one byte only, so that once in
        some 2¹⁵ times its user has to try again; not here."""
        return self.phone.jws(header | {"typ": "JWT", "alg": "ES256"}, payload, self.written)

    def jwt(self) -> str:
        """AuthenticationProvider: `nbf` is what it calls iat, and there is no other claim."""
        header = {"cty": "twilio-pba;v=1", "kid": self.factor.credential_sid}
        now = self.clock.now()
        return self.jws(header, {"sub": self.factor.account_sid, "exp": now + JWT_TIME, "nbf": now})

    def answer(self, challenge: Challenge, status: str) -> str:
        """PushChallengeProcessor: the members that the header names, as they came, then the status. There is no `kid`."""
        assert challenge.status == "pending", f"a phone answers no Challenge that is {challenge.status}"
        if not challenge.signature_fields:
            raise MapperError(f"no {SIGNATURE_FIELDS} with {challenge.response}")
        # A name with a space before it is none of a member.
        missing = set(challenge.signature_fields) - set(challenge.response)
        if missing:
            raise MapperError(f"{SIGNATURE_FIELDS} names {missing}, and {challenge.response} doesn't have it")
        members = {name: challenge.response[name] for name in challenge.signature_fields}
        return self.jws({}, members | {"status": status})

    # How it calls.

    def send(self, method: str, path: str, token: str, query: dict | None = None, form: dict | None = None) -> Reply:
        """RequestHelper: what a GET accepts is a form, and whatever has no body has the media type of one."""
        headers = {
            "User-Agent": self.user_agent,
            "Authorization": basic("token", token),
            "Accept": FORM if method == "GET" else "application/json",
            "Content-Type": FORM,
        }
        body = self.no_body if method == "DELETE" else None
        if form:
            body = self.encoded(form).encode()
        return exchange(method, f"{path}?{self.encoded(query)}" if query else path, headers, body)

    def call(self, method: str, path: str, query: dict | None = None, form: dict | None = None) -> Reply:
        """BaseAPIClient: a 401 sets the clock, and is followed by one retry, with a new JWT."""
        try:
            return self.send(method, path, self.jwt(), query, form)
        except Refusal as refusal:
            if refusal.status != 401:
                raise
            self.clock.set_by(refusal.date)
        self.retries += 1
        return self.send(method, path, self.jwt(), query, form)

    # Its Factor: PushFactory, FactorAPIClient and FactorMapper.

    @property
    def factor_path(self) -> str:
        return f"{self.user.path}/Factors/{self.factor.sid}"

    def config(self, push_token: str | None) -> dict[str, str]:
        """Without a token it wants no notifications."""
        config = {"Config.SdkVersion": self.sdk_version, "Config.AppId": "com.example.owl"}
        if not push_token:
            return config | {"Config.NotificationPlatform": "none"}
        return config | {"Config.NotificationPlatform": self.platform, "Config.NotificationToken": push_token}

    def enrol(self, token: str, name: str, push_token: str | None, metadata: dict | None = None) -> None:
        """By an Access Token, which is the one call without a retry."""
        form = {
            "FriendlyName": name,
            "FactorType": "push",
            "Binding.PublicKey": self.phone.public_key,
            "Binding.Alg": "ES256",
        }
        form |= self.config(push_token)
        if metadata is not None:
            form["Metadata"] = self.written(metadata)
        self.factor = self.read_factor(self.send("POST", f"{self.user.path}/Factors", token, form=form).json())

    def verify(self) -> str:
        """The status afterwards, which is all that is read of the answer."""
        reply = self.call("POST", self.factor_path, form={"AuthPayload": self.phone.sign(self.factor.sid)})
        return member(reply.json(), "status", str)

    def update(self, push_token: str | None) -> Factor:
        """With a new token, or none. The name is the one that it has."""
        form = {"FriendlyName": self.factor.friendly_name} | self.config(push_token)
        return self.read_factor(self.call("POST", self.factor_path, form=form).json())

    def delete(self) -> None:
        """A 404, and a 401 that stays one with the right time, say that it is deleted already."""
        try:
            self.call("DELETE", self.factor_path)
        except Refusal as refusal:
            if refusal.status not in (401, 404):
                raise

    def read_factor(self, body: dict) -> Factor:
        config = member(body, "config", dict)
        self.check_date(body, "date_created")
        return Factor(
            sid=member(body, "sid", str),
            friendly_name=member(body, "friendly_name", str),
            account_sid=member(body, "account_sid", str),
            status=self.read_status(body, {"unverified", "verified"}),
            credential_sid=member(config, "credential_sid", str),
            platform=config.get("notification_platform"),
            metadata=texts(body, "metadata"),
        )

    # Its Challenges: ChallengeAPIClient, ChallengeRepository, ChallengeMapper and ChallengeListMapper.

    @abstractmethod
    def query(self, status: str, page_size: int, order: str, page_token: str | None) -> dict[str, Any]:
        """What a page is asked for by."""

    def pages(self, status: str, page_size: int, order: str = "asc") -> Iterator[list[Challenge]]:
        page_token = None
        while True:
            query = self.query(status, page_size, order, page_token)
            body = self.call("GET", f"{self.user.path}/Challenges", query).json()
            meta = member(body, "meta", dict)
            member(meta, "page", int)
            assert member(meta, "page_size", int) == page_size, meta
            yield [self.read_challenge(challenge) for challenge in member(body, "challenges", list)]
            page_token = self.token_in(meta["next_page_url"]) if meta.get("next_page_url") else None
            if page_token is None:
                return

    def fetch(self, sid: str) -> Challenge:
        reply = self.call("GET", f"{self.user.path}/Challenges/{sid}")
        return self.read_challenge(reply.json(), reply.header(SIGNATURE_FIELDS))

    def send_answer(self, sid: str, answer: str) -> None:
        """Nothing is read of what comes back."""
        self.call("POST", f"{self.user.path}/Challenges/{sid}", form={"AuthPayload": answer})

    def respond(self, sid: str, status: str) -> None:
        """Fetches it, answers, and insists that it is so when fetched once more."""
        self.send_answer(sid, self.answer(self.fetch(sid), status))
        shown = self.fetch(sid).status
        assert shown == status, f"{sid} was answered, and is {shown} instead of {status}"

    def read_challenge(self, body: dict, signature_fields: str | None = None) -> Challenge:
        """Of the Factor that asked, and with `details`, which one of a totp Factor need not have."""
        if member(body, "factor_sid", str) != self.factor.sid:
            raise MapperError(f"{body} is another Factor's")
        for name in ("date_created", "date_updated", "expiration_date"):
            self.check_date(body, name)
        details = member(body, "details", dict)
        # iOS goes on without one that it can't read, Android doesn't.
        if "date" in details:
            self.check_date(details, "date")
        fields = details.get("fields") or []
        return Challenge(
            sid=member(body, "sid", str),
            status=self.read_status(body, {"pending", "approved", "denied", "expired"}),
            message=member(details, "message", str),
            fields=[{name: member(field, name, str) for name in ("label", "value")} for field in fields],
            hidden_details=texts(body, "hidden_details"),
            signature_fields=signature_fields.split(",") if signature_fields else [],
            response=body,
        )

    def read_status(self, body: dict, known: set[str]) -> str:
        """One that iOS knows; Android takes another for `unverified`, or `expired`."""
        status = member(body, "status", str)
        if status not in known:
            raise MapperError(f"`{status}` is not one of {known}")
        return status

    def check_date(self, body: dict, name: str) -> None:
        text = member(body, name, str)
        try:
            datetime.strptime(text, self.date_format)
        except ValueError as error:
            raise MapperError(f"`{name}` is not what the SDK reads: {text}") from error


class Android(Device):
    name = "Android"
    user_agent = "Owl; Android; 1.4.2; 42; Android 15 (35); Pixel 9; VerifySDK; 0.9.0; 2013"
    sdk_version = "0.9.0"
    platform = "fcm"
    push_token = "d8aXmPl3-Registration:APA91b" + "x" * 120
    # DateParser.kt; it has another format for an offset, if that is negative.
    date_format = "%Y-%m-%dT%H:%M:%SZ"
    no_body = None

    def encoded(self, parameters: dict[str, Any]) -> str:
        """`Uri.Builder.appendQueryParameter` (Request.kt): whatever isn't unreserved is encoded, a space as `%20`."""
        pairs = ((quote(name, "_-!.~'()*"), quote(str(value), "_-!.~'()*")) for name, value in parameters.items())
        return "&".join(f"{name}={value}" for name, value in pairs)

    def token_in(self, url: str) -> str | None:
        """`Uri.getQueryParameter`, to which a `+` is a space."""
        return parse_qs(urlsplit(url).query).get("PageToken", [None])[0]

    def query(self, status: str, page_size: int, order: str, page_token: str | None) -> dict[str, Any]:
        query = {"PageSize": page_size, "FactorSid": self.factor.sid, "Order": order, "Status": status}
        return query | ({"PageToken": page_token} if page_token else {})


class IOS(Device):
    name = "iOS"
    user_agent = "Owl; iOS; 1.4.2; 42; iOS 18.5; iPhone; TwilioVerify; 3.0.2; 1"
    sdk_version = "3.0.2"
    platform = "apn"
    push_token = "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad"
    # DateFormatter+Extensions.swift.
    date_format = "%Y-%m-%dT%H:%M:%S%z"
    no_body = b""

    def written(self, value: dict) -> str:
        """A Dictionary of Swift is in no order, and neither is any in it."""
        return super().written(json.loads(json.dumps(value), object_pairs_hook=lambda pairs: dict(reversed(pairs))))

    def encoded(self, parameters: dict[str, Any]) -> str:
        """Parameters.swift: what a query may have is left as it is, but for `+`. So is `&`, which no value survives."""
        return "&".join(quote(f"{name}={value}", "!$&'()*,-./:;=?@_~") for name, value in parameters.items())

    def token_in(self, url: str) -> str | None:
        """`URLComponents.queryItems`, to which a `+` is a `+`."""
        items = (item.partition("=") for item in urlsplit(url).query.split("&"))
        return next((unquote(value) for name, _, value in items if unquote(name) == "PageToken"), None)

    def query(self, status: str, page_size: int, order: str, page_token: str | None) -> dict[str, Any]:
        """It sends a token by another name than it reads it by."""
        query = {"FactorSid": self.factor.sid, "PageSize": page_size, "Order": order, "Status": status}
        return query | ({"pageToken": page_token} if page_token else {})


def enrolled(sdk: type[Device], user: User, fast: int = 0) -> Device:
    device = sdk(user, fast)
    device.enrol(user.access_token()["token"], FRIENDLY_NAME, device.push_token)
    return device


def verified(sdk: type[Device], user: User) -> Device:
    device = enrolled(sdk, user)
    assert device.verify() == "verified"
    return device


@contextlib.contextmanager
def retries(device: Device, number: int) -> Iterator[None]:
    """Expects as many calls that were made twice."""
    before = device.retries
    yield
    assert device.retries - before == number, f"{device.retries - before} retries, and not {number}"


def enrols_and_verifies_itself(sdk: type[Device], user: User) -> None:
    for push_token, platform in ((sdk.push_token, sdk.platform), (None, "none")):
        device = sdk(user)
        # The name that a device sends goes before that of its token.
        token = user.access_token(FactorFriendlyName="Telefon", Ttl=120)
        device.enrol(token["token"], FRIENDLY_NAME, push_token, METADATA)
        factor = device.factor
        assert (factor.friendly_name, factor.metadata) == (FRIENDLY_NAME, METADATA), factor
        assert (factor.status, factor.platform) == ("unverified", platform), factor
        assert factor.credential_sid == "CR" + factor.sid[2:], factor
        with retries(device, 0):
            assert device.verify() == "verified"
        shown = as_account("GET", device.factor_path)
        assert (shown["status"], shown["config"]["notification_token"]) == ("verified", push_token), shown
    # What an app sends whose user left the name empty.
    unnamed = sdk(user)
    unnamed.enrol(user.access_token(FactorFriendlyName="Telefon")["token"], "", None)
    assert unnamed.factor.friendly_name == "Telefon", unnamed.factor


def lists_its_challenges(sdk: type[Device], user: User) -> None:
    device, other = verified(sdk, user), verified(sdk, user)
    user.challenge(other.factor.sid)
    # In the order of their times, with which they begin.
    sids = sorted(user.challenge(device.factor.sid) for _ in range(5))
    for order in ("asc", "desc"):
        pages = list(device.pages("pending", 2, order))
        assert [len(page) for page in pages] == [2, 2, 1], pages
        listed = [challenge.sid for page in pages for challenge in page]
        assert listed == (sids if order == "asc" else sids[::-1]), listed
    device.respond(sids[2], "denied")
    pending, denied = device.pages("pending", 20), device.pages("denied", 20)
    assert [challenge.sid for challenge in next(pending)] == sids[:2] + sids[3:]
    assert [challenge.sid for challenge in next(denied)] == [sids[2]]
    assert list(device.pages("approved", 20)) == [[]]
    assert device.retries == 0


def answers_its_challenges(sdk: type[Device], user: User) -> None:
    device = verified(sdk, user)
    for details, hidden_details in ((DETAILS, HIDDEN_DETAILS), ({"message": "Log in?", "fields": []}, None)):
        for status in ("approved", "denied"):
            sid = user.challenge(device.factor.sid, details, hidden_details)
            shown = device.fetch(sid)
            assert {"message": shown.message, "fields": shown.fields} == details, shown
            assert (shown.status, shown.hidden_details) == ("pending", hidden_details), shown
            device.respond(sid, status)
            answered = as_account("GET", f"{user.path}/Challenges/{sid}")
            assert answered["status"] == status and answered["date_responded"], answered
    assert device.retries == 0


def answers_a_challenge_once(sdk: type[Device], user: User) -> None:
    device = verified(sdk, user)
    for status, opposite in (("approved", "denied"), ("denied", "approved")):
        sid = user.challenge(device.factor.sid)
        challenge = device.fetch(sid)
        device.send_answer(sid, device.answer(challenge, status))
        # As one does whose answer was lost, with another signature.
        device.send_answer(sid, device.answer(challenge, status))
        with refused(403, 60322):
            device.send_answer(sid, device.answer(challenge, opposite))
        assert device.fetch(sid).status == status
    assert device.retries == 0


def renews_its_token_and_deletes_itself(sdk: type[Device], user: User) -> None:
    device = verified(sdk, user)
    sid = user.challenge(device.factor.sid)
    renewed = sdk.push_token[::-1]
    for push_token, platform in ((renewed, sdk.platform), (None, "none"), (sdk.push_token, sdk.platform)):
        factor = device.update(push_token)
        assert (factor.status, factor.platform) == ("verified", platform), factor
        assert (factor.sid, factor.friendly_name) == (device.factor.sid, FRIENDLY_NAME), factor
        assert factor.credential_sid == device.factor.credential_sid, factor
        config = as_account("GET", device.factor_path)["config"]
        assert not push_token or config["notification_token"] == push_token, config
    with retries(device, 0):
        device.delete()
    with refused(404, 20404):
        as_account("GET", device.factor_path)
    # Nobody knows its key any more.
    with retries(device, 1):
        device.delete()
    with retries(device, 1), refused(401, 20003):
        device.fetch(sid)
    with retries(device, 1), refused(401, 20003):
        device.verify()


def corrects_its_clock(sdk: type[Device], user: User) -> None:
    for fast, needed in CLOCKS.items():
        device = enrolled(sdk, user, fast)
        with retries(device, needed):
            assert device.verify() == "verified"
        with retries(device, 0):
            assert list(device.pages("pending", 20)) == [[]]
            device.delete()


def enrols_once_with_a_token(sdk: type[Device], user: User) -> None:
    made = user.access_token()
    token = made["token"]
    device, stranger = sdk(user), sdk(User(user.service_sid, "somebody-else"))
    with refused(401, 20003):
        stranger.enrol(token, FRIENDLY_NAME, None)
    with refused(401, 20003):
        device.enrol(token[:-1], FRIENDLY_NAME, None)
    # It is good as yet, and then no more.
    device.enrol(token, FRIENDLY_NAME, None)
    for late in (device, sdk(user)):
        with refused(401, 20003):
            late.enrol(token, FRIENDLY_NAME, None)
    # Nor is it good for anything else, though it can still be looked at.
    with refused(401, 20003):
        device.send("GET", device.factor_path, token)
    assert shown_at(made["url"]) == made


def sees_nothing_but_its_own(sdk: type[Device], user: User) -> None:
    device, other = verified(sdk, user), verified(sdk, user)
    sid = user.challenge(other.factor.sid)
    with refused(404, 20404):
        device.fetch(sid)
    with refused(404, 20404):
        device.send_answer(sid, device.answer(other.fetch(sid), "approved"))
    assert device.retries == 0 and other.fetch(sid).status == "pending"

    service = f"/v2/Services/{user.service_sid}"
    elsewhere = User(user.service_sid, "somebody-else").path
    for path in (other.factor_path, f"{user.path}/Factors", user.path, service, f"{elsewhere}/Challenges"):
        with retries(device, 1), refused(401, 20003):
            device.call("GET", path)
    with retries(device, 1), refused(401, 20003):
        device.call("GET", f"{user.path}/Challenges", {"FactorSid": other.factor.sid})
    # Its key is known, and has not been proved.
    unverified = enrolled(sdk, user)
    with retries(unverified, 1), refused(401, 20003):
        list(unverified.pages("pending", 20))


SCENARIOS: list[Callable[[type[Device], User], None]] = [
    enrols_and_verifies_itself,
    lists_its_challenges,
    answers_its_challenges,
    answers_a_challenge_once,
    renews_its_token_and_deletes_itself,
    corrects_its_clock,
    enrols_once_with_a_token,
    sees_nothing_but_its_own,
]

service = as_account("POST", "/v2/Services", {"FriendlyName": "Nest"})["sid"]
for sdk in (Android, IOS):
    for scenario in SCENARIOS:
        name = scenario.__name__
        # An Entity to itself.
        scenario(sdk, User(service, f"{sdk.name}-{name.replace('_', '-')}"))
        print(f"Like {sdk.name}'s SDK, a device {name.replace('_', ' ')}.")
as_account("DELETE", f"/v2/Services/{service}")
