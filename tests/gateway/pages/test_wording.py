"""The pages' words and the service's own catalogues speak of the same things."""

from gateway.pages.wording import apps, bodies, difficulty_labels, tiles, unasked
from services.feedback.catalogue import first_codes
from services.feedback.difficulties import bodies as known_bodies, difficulties


def test_the_words_cover_the_services_own_catalogues() -> None:
    assert set(difficulty_labels()) == set(difficulties())
    assert sum(len(tile.codes) for tile in tiles().values()) == len(difficulties())
    assert len(tiles()) == 9, "eight and “Không có trong này”"
    assert set(apps()) <= first_codes() <= set(apps()) | unasked()
    assert set(bodies()) == set(known_bodies())
