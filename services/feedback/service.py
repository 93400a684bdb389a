"""Feedback as the kernel runs it.

Keys come from the settings of the runtime, when its edge starts or at the first use: followers hold none.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from services.feedback.case import CASE, AnswerFeedback, ErasePerson, SubmitFeedback
from services.feedback.catalogue import Catalogue
from services.feedback.letters import Preparing
from services.feedback.questions import case_answer, read_case
from services.feedback.territory import Territory
from services.feedback.vault import VAULT, Keys, Vaults, keys_from_settings
from services.kernel.definition import ServiceDefinition
from services.kernel.settings import Settings


def define(keys: Callable[[], Keys]) -> ServiceDefinition:
    """The service, its vault opened with `keys`."""
    vaults = Vaults(keys)
    preparing = Preparing(vaults)
    return ServiceDefinition(
        name="feedback",
        home=Path(__file__).parent,
        aggregates=(CASE,),
        projections=(Territory, Catalogue),
        questions={"read_case": read_case(vaults), "case_answer": case_answer(vaults)},
        prepares={
            SubmitFeedback: preparing.submission,
            AnswerFeedback: preparing.answer,
            ErasePerson: preparing.erasure,
        },
        takes_back={SubmitFeedback: preparing.take_back, AnswerFeedback: preparing.take_back},
        tables=VAULT,
        check=vaults.check,
    )


def _configured(settings: Settings) -> ServiceDefinition:
    return define(cache(lambda: keys_from_settings(settings)))


def _no_keys() -> Keys:
    raise TypeError("feedback's keys come from settings: run its definition through a ServiceRuntime")


DEFINITION = replace(define(_no_keys), configured=_configured)
