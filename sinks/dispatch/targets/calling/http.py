"""Runs the plan of a row against the real system: every failure becomes an answer, no secret leaves in one."""

import time

from sinks.dispatch.target import Again, Ended, Refused, Running, Started, Trigger
from sinks.dispatch.targets.calling.authority import Authority
from sinks.dispatch.targets.calling.client import Client, Forbidden, Unreached
from sinks.dispatch.targets.calling.secrets import Secrets
from sinks.dispatch.targets.plans.exchange import Following, Reply, Request, Taking
from sinks.dispatch.targets.plans.keys import Entry
from sinks.dispatch.targets.plans.row import Kind

STEPS_MAX = 12  # requests of one start or follow; MLflow takes 8


class HttpTarget:
    """A target that is reached by HTTP."""

    def __init__(self, kind: Kind, entry: Entry, client: Client, authority: Authority, secrets: Secrets) -> None:
        self.name = entry.name
        self.keyed = bool(entry.values.get("keyed", kind.keyed))
        self._kind = kind
        self._entry = entry
        self._client = client
        self._authority = authority
        self._secrets = secrets

    async def start(self, trigger: Trigger) -> Started | Again | Refused:
        """Start the run, within the entry's timeout."""
        try:
            answer = await self._driven(self._kind.start(self._entry, trigger))
        except Forbidden as error:
            return Refused(self._secrets.hide(str(error)))
        except (Unreached, ValueError) as error:
            return Again(self._secrets.hide(str(error)))
        assert isinstance(answer, Started | Again | Refused)
        return self._hidden(answer)

    async def follow(self, external_id: str) -> Running | Ended | Again | None:
        """How the run is doing, within the entry's timeout."""
        try:
            answer = await self._driven(self._kind.follow(self._entry, external_id))
        except (Unreached, Forbidden, ValueError) as error:
            return Again(self._secrets.hide(str(error)))
        assert not isinstance(answer, Started | Refused)
        return (
            Ended(answer.succeeded, self._secrets.hide(answer.why))
            if isinstance(answer, Ended)
            else self._quiet(answer)
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
        await self._authority.close()

    async def _driven(self, plan: Taking | Following) -> Started | Again | Refused | Running | Ended | None:
        """What the plan returns, after its requests have been sent; one timeout for all of them."""
        until = time.monotonic() + self._entry.number("timeout")
        try:
            request = next(plan)
            for _ in range(STEPS_MAX):
                request = plan.send(await self._sent(request, until))
        except StopIteration as end:
            answer: Started | Again | Refused | Running | Ended | None = end.value
            return answer
        raise AssertionError(f"{self._entry.kind}: a plan of more than {STEPS_MAX} requests")

    async def _sent(self, request: Request, until: float) -> Reply:
        """The reply; a token that is refused is asked for anew, once."""
        reply = await self._tried(request, until)
        if reply.status == 401 and self._authority.refused():
            reply = await self._tried(request, until)
        return reply

    async def _tried(self, request: Request, until: float) -> Reply:
        left = until - time.monotonic()
        if left <= 0:
            raise Unreached(f"no answer within {self._entry.number('timeout'):g} s")
        ours = await self._authority.ours(request, left)
        return await self._client.send(ours, max(until - time.monotonic(), 0.001))

    def _hidden(self, answer: Started | Again | Refused) -> Started | Again | Refused:
        hide = self._secrets.hide
        match answer:
            case Started(external_id=external_id, link=link):
                return Started(hide(external_id), hide(link))
            case Again(why=why, after_s=after_s):
                return Again(hide(why), after_s)
        return Refused(hide(answer.why))

    def _quiet(self, answer: Running | Again | None) -> Running | Again | None:
        return Again(self._secrets.hide(answer.why), answer.after_s) if isinstance(answer, Again) else answer
