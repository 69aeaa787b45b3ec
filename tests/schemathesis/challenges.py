"""The Challenges that there ever were, and what answers them."""

from datetime import datetime, timedelta, timezone

from factors import (
    SERVICE_SID,
    code,
    deleted,
    factors,
    half,
    is_code,
    is_found,
    is_valid_form,
    is_walk,
    new_factor,
    phones,
    posted,
    verified,
)
from phone import SIGNATURE_FIELDS

# By SID: as they were shown last, with the names of what a phone signs, and what was seen of them on a walk.
challenges = {}


def keep(challenge, names):
    kept = challenges.setdefault(challenge["sid"], {})
    kept |= challenge | ({"names": names} if names else {})
    return kept


def new_challenge(case, is_push):
    """A Challenge that waits, of a Factor that has an Entity to itself."""
    factor = verified(case, new_factor(case, is_push))
    form = {"FactorSid": factor["sid"]}
    if is_push:
        form["Details.Message"] = "Do you log in?"
    answer = posted(case, f"/v2/Services/{SERVICE_SID}/Entities/{factor['identity']}/Challenges", form)
    return keep(answer.json(), answer.headers.get(SIGNATURE_FIELDS))


def soon(body):
    """A date within the next hour, in one of several zones and with a fraction or none; always in the same ones."""
    zone = timezone(timedelta(hours=1) if half(body) else timedelta(0))
    date = datetime.now(zone) + timedelta(minutes=30)
    return date.isoformat(timespec="milliseconds" if half({"fields": body.get("Details.Fields")}) else "seconds")


def before_create(case):
    """Has it be of a verified Factor, as a made-up one is a 404, and expire at a time that can be."""
    path, body = case.path_parameters, case.body
    if not is_found(case) or not is_valid_form(case):
        return
    factor = factors.get(body.get("FactorSid"))
    # On a walk it is the one of the link before. What its Factor can't have is no answer that is looked for here.
    if not (factor and factor["identity"] == path["Identity"] and factor["status"] == "verified"):
        factor = verified(case, new_factor(case, bool(body.get("Details.Message")) and half(body)))
        path["ServiceSid"], path["Identity"], body["FactorSid"] = SERVICE_SID, factor["identity"], factor["sid"]
    if body.get("ExpirationDate"):
        body["ExpirationDate"] = soon(body)
    if factor["factor_type"] == "push":
        # An empty one would do for totp.
        body["Details.Message"] = body.get("Details.Message") or "Do you log in?"
    elif body.get("AuthPayload") and (half(body) or not is_code(body["AuthPayload"])):
        body["AuthPayload"] = code(factor)


def before_answer(case):
    path = case.path_parameters
    # A made-up Challenge is a 404. And a walk can begin here. Without its Factor it is shown, and not found when it is answered.
    known = challenges.get(path.get("ChallengeSid"))
    is_answer = case.operation.method == "post"
    if is_found(case, ChallengeSid="YC[0-9a-fA-F]{32}") and (not known or is_answer and known["factor_sid"] in deleted):
        challenge = new_challenge(case, isinstance(case.body, dict) and half(case.body))
        path["ServiceSid"], path["Identity"] = SERVICE_SID, challenge["identity"]
        path["ChallengeSid"] = challenge["sid"]
    challenge = challenges.get(path.get("ChallengeSid"))
    if challenge and case.operation.method == "post" and is_valid_form(case):
        fit(case.body, challenge, is_walk(case) and challenge["status"] == "pending")


def fit(body, challenge, is_first):
    """Has a form fit the Challenge. Half of the answers are right; and on a walk, whatever comes first is."""
    factor, payload = factors[challenge["factor_sid"]], body.get("AuthPayload")
    if challenge["factor_type"] == "push":
        if factor["sid"] in phones and (is_first or payload and half(body)):
            status = "denied" if half({"sid": challenge["sid"]}) else "approved"
            body["AuthPayload"] = phones[factor["sid"]].answer(challenge, challenge["names"], status)
    elif is_first or payload and (half(body) or not is_code(payload)):
        # That of the present step can have been used at the creation.
        body["AuthPayload"] = code(factor, 1)


def after_call(case, response):
    """Whether a walk ended that saw a Challenge from its creation to its answer."""
    if response.status_code not in (200, 201):
        return False
    challenge = keep(response.json(), *response.headers.get(SIGNATURE_FIELDS.lower(), [None]))
    seen = challenge.setdefault("seen", set()) if is_walk(case) else set()
    seen.add({201: "created"}.get(response.status_code, case.operation.method))
    return challenge["status"] in ("approved", "denied") and seen >= {"created", "get", "post"}
