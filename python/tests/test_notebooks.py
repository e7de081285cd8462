"""Every notebook runs from its first cell to its last; what a lesson claims its cells assert."""
import glob
import os

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../notebooks")
NOTEBOOKS = sorted(os.path.basename(path)[:-6] for path in glob.glob(os.path.join(FOLDER, "*.ipynb")))


def test_there_are_twelve():
    assert len(NOTEBOOKS) == 12


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook(name):
    book = nbformat.read(os.path.join(FOLDER, name + ".ipynb"), as_version=4)
    assert not any(cell.get("outputs") for cell in book.cells), "committed with outputs"
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": FOLDER}}).execute()
