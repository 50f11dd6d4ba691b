"""What to change on an account: the desired attributes against those it has."""

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

from connectors.engine.decide.desired import Desired, spec_of
from connectors.engine.decide.values import displayed, same
from connectors.engine.decision import Answer, Step
from connectors.engine.masking import MASK, looks_secret
from connectors.engine.situation import LinkView, Situation
from connectors.spi import Attributes, AttributeSpec, RemoteObject, Values


@dataclass(slots=True)
class Difference:
    """Attributes to replace, what they hold now, and a step for each that differs."""

    replace: dict[str, Values] = field(default_factory=dict)
    before: dict[str, Values] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


def fingerprint(values: Values, object_id: UUID) -> str:
    """What is remembered of values that do not come back on a read: enough to notice a change, salted by the object."""
    text = "\x00".join(sorted(repr(each) for each in values))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), key=object_id.bytes, digest_size=16).hexdigest()


def difference(situation: Situation, desired: Desired, remote: RemoteObject | None) -> Difference:
    """Compare what should be with what is.

    Args:
        remote: the account as it was read; None compares with what was last known of it.
    """
    found = Difference()
    link = situation.link or LinkView()
    current: Attributes = remote.attributes if remote is not None else link.known
    for name, values in desired.attributes.items():
        spec = spec_of(situation, name)
        if spec is None:
            continue
        if spec.readable and (remote is not None or name not in link.fingerprints):
            is_same = same(values, current.get(name, ()), spec)
        else:
            is_same = link.fingerprints.get(name) == fingerprint(values, situation.object.id)
        if is_same:
            continue
        if is_rewritten(situation, spec, values, current.get(name, ())):
            kept = displayed(current.get(name, ())) or "nothing"
            text = f"was written as {displayed(values) or 'nothing'}; the system keeps {kept}"
            found.steps.append(Step("difference", name, Answer.INFO, text))
            continue
        if not spec.updatable:
            text = "differs, but the system does not let it be changed"
            found.steps.append(Step("difference", name, Answer.INFO, text))
            continue
        found.replace[name], found.before[name] = values, current.get(name, ())
        found.steps.append(_step(name, current.get(name, ()), values))
    return found


def is_rewritten(situation: Situation, spec: AttributeSpec, wanted: Values, current: Values) -> bool:
    """Whether this very value was written before, and the system still keeps what it made of it then."""
    link = situation.link or LinkView()
    written = link.rewritten.get(spec.name)
    return written == fingerprint(wanted, situation.object.id) and same(current, link.known.get(spec.name, ()), spec)


def _step(name: str, before: Values, after: Values) -> Step:
    if looks_secret(name):
        return Step("difference", name, Answer.YES, f"is written ({MASK})")
    return Step("difference", name, Answer.YES, f"{displayed(before) or 'nothing'} → {displayed(after) or 'nothing'}")
