"""Function words: the little words that carry grammar and make up a third of honest text.

Lists of this project's own making, short on purpose: they tell languages and garbage apart.
"""

from lamina.errors import InvalidInputError

ANY = "any"

_WORDS = {
    "en": "the of and to in a is that for on as with by are be at from or an was were which this "
    "these those it its not our we us has have had may will would could should can such other any "
    "all their they there if than then who whom into under over between during after before upon "
    "no more most each both but been being do does did so when where while also only he she his "
    "her you your i my about through because against",
    "de": "der die das und in den von zu mit sich des auf ist im dem nicht ein eine als auch es an "
    "werden aus er hat dass sie nach wird bei einer um am sind noch wie einem einen so zum war "
    "haben nur oder aber vor zur bis mehr durch man sein wurde sei wenn kann unter wir soll ihre",
    "fr": "le la les de des du un une et en est que qui dans pour sur par au aux avec ce cette ces "
    "il elle ils elles ne pas plus son sa ses leur leurs ou mais sont a ont nous vous se si comme "
    "entre sans sous dont tout tous d l qu",
    "es": "el la los las de del un una y en es que a por con para se su sus al lo como no "
    "este esta estos estas o pero son ha han entre sin sobre si cuando donde sea ser fue muy ya "
    "nos les le",
    "it": "il lo la gli le di del della dei delle un una e in che per con su da dal dalla "
    "nel nella al alla si non come sono ha hanno ma anche tra fra questo questa suo sua loro "
    "stato se l d",
    "nl": "de het een en van in is dat op te zijn voor met die niet aan er om ook als bij door "
    "naar uit over of worden wordt deze dit heeft hebben zij hun maar tot dan wat nog meer kan",
    "pt": "o a os as de do da dos das um uma e em no na nos nas que por com para se seu "
    "sua ao aos como mais ou mas foi ser entre sem sobre quando muito pelo pela este isso",
    "cs": "a se na v je z s o do pro k i za od po jako by nebo byl byla bylo ale podle ve ze jsou "
    "jeho tak co si to jen u který která které tato tento její může při",
}


def known_languages() -> tuple[str, ...]:
    """Codes that can be chosen, `any` among them."""
    return (*sorted(_WORDS), ANY)


def function_words(language: str) -> frozenset[str]:
    """The function words of a language; none for `any`.

    Raises:
        InvalidInputError: there is no list for it.

    """
    if language == ANY:
        return frozenset()
    if language not in _WORDS:
        msg = f"language {language!r} is not known; choose one of {', '.join(known_languages())}"
        raise InvalidInputError(msg)
    return frozenset(_WORDS[language].split())
