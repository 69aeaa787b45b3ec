"""What Schemathesis needs to know besides openapi.yaml."""

import re
import sys
import uuid
from pathlib import Path

import schemathesis

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1])]
import challenges
import factors
import formats  # noqa: F401, by being read it registers them
from factors import IDENTITY, SERVICE_SID, SID, is_walk

# The Services that there ever were; Identities that were created, that have a Factor, and that were deleted.
services, identities, with_factors, gone = {SERVICE_SID}, set(), set(), set()


# Operations whose forms need no field.
WITHOUT_REQUIRED = {"UpdateService", "UpdateFactor", "AnswerChallenge"}


@schemathesis.hook
def filter_body(context, body):
    # As a form, a list or a text is a field that nobody knows, which is ignored; a schema says that it is no object.
    id = context.operation.definition.raw.get("operationId")
    return id not in WITHOUT_REQUIRED or isinstance(body, dict)


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.path_parameters
    service_sid, identity = str(path.get("ServiceSid")), str(path.get("Identity"))
    method, template = case.operation.method, case.operation.path
    if template.endswith("/{ServiceSid}") and method == "delete" and service_sid == SERVICE_SID:
        # It is found in lists, and is needed.
        path["ServiceSid"] = "VA" + uuid.uuid4().hex
    if template.endswith("/{FactorSid}"):
        factors.before_call(case)
        return
    if template.endswith("/{ChallengeSid}"):
        challenges.before_answer(case)
        return
    # What is in a made-up Service is a 404.
    is_within = "/Entities" in template or template.endswith("/AccessTokens")
    if is_within and service_sid not in services and re.fullmatch(SID, service_sid):
        path["ServiceSid"] = SERVICE_SID
    if template.endswith("/Entities") and method == "post" and is_walk(case):
        # Other phases see the 409. This one gives up where the same request is answered one way and then another.
        if isinstance(case.body, dict) and case.body.get("Identity") in identities:
            case.body["Identity"] = str(uuid.uuid4())
    if not template.endswith(("/Factors", "/Challenges")) or not re.fullmatch(IDENTITY, identity):
        return
    # An Entity that was deleted has empty lists, and is there again with its next Factor. Schemathesis would take both for
    # what was deleted.
    if identity in gone:
        identity = path["Identity"] = str(uuid.uuid4())
    if method == "post" and template.endswith("/Challenges"):
        challenges.before_create(case)
    elif method == "post":
        # What else there is for an Entity can be in the way: too many Factors, or the same Idempotency-Key. So each
        # request has one to itself, that of its own Identity if no other had that.
        if identity in with_factors:
            identity = path["Identity"] = str(uuid.uuid4())
        with_factors.add(identity)


@schemathesis.hook
def after_call(context, case, response):
    method, template, status = case.operation.method, case.operation.path, response.status_code
    if template.endswith("/{Identity}") and (method, status) == ("delete", 204):
        gone.add(case.path_parameters["Identity"])
    if template.endswith("/Services") and status == 201:
        services.add(response.json()["sid"])
    if template.endswith("/Entities") and status == 201:
        identities.add(response.json()["identity"])
    if template.endswith("/Factors") and status == 201:
        factor = response.json()
        factors.factors[factor["sid"]] = factor
    # `run` looks for these.
    if template.endswith("/{FactorSid}") and factors.after_call(case, response):
        Path("factor-walked").touch()
    is_shown = template.endswith("/{ChallengeSid}") or template.endswith("/Challenges") and method == "post"
    if is_shown and challenges.after_call(case, response):
        Path("challenge-walked").touch()
