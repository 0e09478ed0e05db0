"""The import table of ARCHITECTURE.md, held against every import statement."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ENGINE_LIBRARIES = {
    "torch",
    "transformers",
    "tokenizers",
    "datasets",
    "defusedxml",
    "charset_normalizer",
    "pyarrow",
    "peft",
    "safetensors",
    "gguf",
    "sacrebleu",
    "rouge_score",
    "matplotlib",
    "huggingface_hub",
    "numpy",
    "psutil",
    "regex",
}
SERVER_LIBRARIES = {"fastapi", "starlette", "uvicorn", "pydantic"}
STANDARD = set(sys.stdlib_module_names)


def allowed(file: Path) -> set[str]:
    """Prefixes of modules that `file` may import, the standard library aside."""
    place = file.relative_to(ROOT).as_posix()
    if place == "main.py":
        return {"app.shell.startup", "engine.cli"}
    if place.startswith("app/"):
        rooms = {"app", "engine.contract", "workers.base", "PySide6", "pyqtgraph", "numpy"}
        return rooms | {"workers"} if place == "app/shell/startup.py" else rooms
    if place.startswith("workers/"):
        return {"workers", "engine.contract", "PySide6.QtCore", "psutil"}
    if place.startswith("engine/contract/"):
        return {"engine.contract"}
    assert place.startswith("engine/")
    server = SERVER_LIBRARIES if place.startswith("engine/serving/") else set()
    return {"engine"} | ENGINE_LIBRARIES | server


def imports(file: Path) -> list[tuple[int, str]]:
    """(line, module) of each import, those under TYPE_CHECKING and in functions included."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            module = node.module or ""
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
    return found


def rooms() -> list[Path]:
    files = [ROOT / "main.py"]
    for room in ("app", "workers", "engine"):
        files += sorted((ROOT / room).rglob("*.py"))
    return files


@pytest.mark.parametrize("file", rooms(), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_imports_stay_in_their_rooms(file: Path) -> None:
    permitted = allowed(file)
    for line, module in imports(file):
        if module.split(".")[0] in STANDARD:
            continue
        fits = any(module == name or module.startswith(name + ".") for name in permitted)
        assert fits, f"{file.relative_to(ROOT)}:{line} imports {module}; allowed: {permitted}"


def test_packages_hold_no_logic() -> None:
    for file in ROOT.glob("*/**/__init__.py"):
        if ".venv" in file.parts or "tests" in file.parts:
            continue
        body = ast.parse(file.read_text(encoding="utf-8")).body
        assert all(
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body
        ), f"{file} holds logic"


def run_python(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_engine_imports_without_qt() -> None:
    modules = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in sorted((ROOT / "engine").rglob("*.py"))
        if file.name not in ("__main__.py", "__init__.py")
    ]
    run_python(
        "import importlib, sys\n"
        "sys.modules['PySide6'] = None\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
    )


def test_window_does_not_load_torch() -> None:
    run_python(
        "import sys, app.shell.startup, app.shell.main_window\n"
        "heavy = {'torch', 'transformers', 'datasets', 'sacrebleu'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )


def test_contract_needs_the_standard_library_only() -> None:
    names = sorted((ROOT / "engine" / "contract").glob("*.py"))
    modules = [f"engine.contract.{file.stem}" for file in names if file.stem != "__init__"]
    run_python(
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "outside = {m.split('.')[0] for m in sys.modules} - set(sys.stdlib_module_names)\n"
        "outside = {m for m in outside if not m.startswith(('_', 'engine', 'sitecustomize'))}\n"
        "outside -= {'distutils-precedence', 'usercustomize'}\n"
        "assert not outside, outside\n"
    )
