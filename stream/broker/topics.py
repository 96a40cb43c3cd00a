"""Waiting for topics that somebody else will create, or creating them."""

import asyncio
from collections.abc import Callable, Collection

from stream.broker.problems import BrokerFailed, ConnectionProblem
from stream.broker.questions import Found, Questions

ASK_S = 1.0
SAY_S = 10.0


async def wait_for_topics(
    questions: Questions,
    topics: Collection[str],
    *,
    create: bool,
    say: Callable[[str], None],
    otherwise: str = "kafka.create_topics: true creates it",
) -> Found:
    """Return once every topic exists: created where `create` says so, else waited for, saying so every SAY_S.

    `otherwise`: what a person may do about it.

    ConnectionProblem, BrokerFailed: as from any question.
    """
    found = await questions.partitions(topics)
    if found.missing and create:
        await questions.create(found.missing)
        say(f"created {_listed(found.missing)}")
    waited = 0.0
    while (found := await questions.partitions(topics)).missing:
        if waited % SAY_S == 0 and not create:  # a new topic needs a moment until every broker knows it
            they = "they do" if len(found.missing) > 1 else "it does"
            say(f"waiting for {_listed(found.missing)}: {they} not exist yet ({otherwise})")
        await asyncio.sleep(ASK_S)
        waited += ASK_S
    return found


async def offer_topics(questions: Questions, topics: Collection[str], say: Callable[[str], None]) -> None:
    """Let the topics be there that we write to. Where that is not allowed, say so: what is for them waits.

    ConnectionProblem: as from any question.
    """
    missing = (await questions.partitions(topics)).missing
    if not missing:
        return
    try:
        await questions.create(missing)
        say(f"created {_listed(missing)}")
    except ConnectionProblem:
        raise
    except BrokerFailed as error:
        refusal = str(error)
        if missing := await questions.invite(missing):
            say(f"{refusal}; what is for {_listed(missing)} waits until somebody creates it")


def _listed(topics: Collection[str]) -> str:
    """`topic a`, `topics a, b`."""
    return f"topic{'s' if len(topics) > 1 else ''} {', '.join(topics)}"
