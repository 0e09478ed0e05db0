"""Backbones for the engine's tests: tiny ones made here, and the embedded one, fetched once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.backbones.entries import EMBEDDED
from engine.backbones.fetching import fetch_backbone
from engine.backbones.paths import CACHE_VARIABLE
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.runs.folder import RunFolder
from engine.reporter import Silent
from tests.helpers.tiny_runs import METHODS, Workshop, cache_in


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "embedded_backbone" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def embedded_backbone() -> str:
    """The embedded backbone's name, after fetching it into the user's own cache folder.

    The first session downloads 93 MB and converts them; the next ones check the files' hashes.
    """
    fetch_backbone(FetchBackbone(EMBEDDED), Silent())
    return EMBEDDED


@pytest.fixture(autouse=True)
def cache_folder_of_the_test(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path | None]:
    """A cache folder of its own for each test that does not use the embedded backbone."""
    if "embedded_backbone" in request.fixturenames:
        yield None
        return
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv(CACHE_VARIABLE, str(folder))
        yield folder


@pytest.fixture(scope="session")
def tiny_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.helpers.tiny_backbones import save_tiny

    return save_tiny(tmp_path_factory.mktemp("backbones") / "tiny-gpt2", "gpt2")


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.helpers.tiny_backbones import save_tiny

    return save_tiny(tmp_path_factory.mktemp("backbones") / "tiny-llama", "llama")


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Tiny backbones and a dataset, for whole runs."""
    return Workshop.make(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(scope="session")
def finished_runs(
    workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, RunFolder]:
    """A finished run of each method; not to be changed."""
    from engine.run import run_folder

    found = {}
    with cache_in(tmp_path_factory.mktemp("cache")):
        for method in METHODS:
            place = tmp_path_factory.mktemp("finished") / method
            found[method] = workshop.run(place, workshop.spec(method))
            assert run_folder(found[method].path) == 0
    return found


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random encoder for BERTScore; its folder is called "tiny"."""
    from tests.helpers.tiny_encoder import make_encoder

    return make_encoder(tmp_path_factory.mktemp("encoder") / "tiny")
