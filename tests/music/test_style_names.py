"""Styles by what a tune is called, or its kind is said to be."""

import pytest

from melodyrnn.music.melody import Metre
from melodyrnn.music.style_names import STYLE_NAMES, style_of


@pytest.mark.parametrize(
    ("rhythm", "title", "metre", "style"),
    [
        ("jig", "", "6/8", "jig"),
        ("double jig", "", "12/8", "jig"),
        ("jig", "", "9/8", "slip jig"),
        ("slipjig", "", "9/8", "slip jig"),
        ("Jig", "", "2/4", "dance"),  # a minstrel's
        ("REEL", "The Slip Jig", "2/2", "reel"),  # the field before the title
        ("clog", "", "4/4", "hornpipe"),
        ("highland fling", "", "4/4", "strathspey"),
        ("", "Miss Ramsay's Strathsy.", "4/4", "strathspey"),
        ("", "Quick Step 45th. Regt.", "6/8", "march"),
        ("", "The Yellow-haired Laddie", "3/4", ""),
        ("", "Valse", "3/4", "waltz"),
        ("", "Valse", "4/4", ""),  # says so, and is none
        ("", "Irish Air.", "3/4", "air"),
        ("", "An Air of Grace", "3/4", ""),
        ("", "Wiegenlied", "6/8", "lullaby"),
        ("", "Mailied", "2/4", "song"),
        ("", "Maple Leaf Rag", "2/4", "rag"),
        ("", "The Rag Doll", "2/4", ""),
        ("", "Königskinder, die", "4/4", ""),
        ("Kinder -, Wiegen - Lied", "", "2/4", "lullaby"),
        ("Kinder - Lied, Reigen, Tanz - Spiel", "", "2/4", "children"),
        ("Romanze, Ballade, Lied, religioeses Lied", "", "4/4", "hymn"),
        ("Romanze, Ballade, Lied", "", "4/4", "ballad"),
        ("Liebes - Lied, Leid, Klage", "", "4/4", "song"),
        ("Tanz - Lied", "", "3/4", "dance"),
        ("Shange]", "", "2/4", "song"),
        ("???", "", "5/8", ""),
    ],
)
def test_styles(rhythm, title, metre, style):
    """Each as a musician of that tradition would say."""
    above, below = metre.split("/")
    assert style_of(rhythm, title, Metre(int(above), int(below))) == style


def test_no_more_names_than_there_are_rows():
    """The network has rows for so many."""
    assert len(STYLE_NAMES) <= 18
