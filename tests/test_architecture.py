"""The direction of imports, the purity of the core, and the size of things, read from the source itself."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SANDBOX = ROOT / "sandbox"
FILES = sorted(SANDBOX.rglob("*.py"))
CORE_ORDER = [
    "frozen", "message", "problem", "chance", "clock", "document", "instants", "gathering", "quota", "grant", "workspace", "happening", "scenario", "play", "shape", "contract", "compiling", "ground", "variation",
    "preference", "api", "world", "keyring", "realm", "timeline", "intake", "rendering", "admission", "wording", "kernel",
    "steering", "verdict", "view", "har", "jsonpath", "operators", "condition", "match", "synonym", "kind", "when", "then", "reach", "form", "script", "json_schema", "scenario_schema", "transcript", "staging", "playbill", "recall", "record", "state",
    "explain", "capsule_schema", "capsule", "desk", "moves", "reporting", "control", "event",
]  # fmt: skip
AMBIENT = {
    "time",
    "random",
    "uuid",
    "os",
    "threading",
    "logging",
    "flask",
    "socket",
    "asyncio",
    "subprocess",
    "secrets",
    "io",
    "pathlib",
}
MAY_IMPORT = {
    "core": {"core"},
    "faults": {"core", "faults"},
    "verdicts": {"core", "verdicts"},
    "apis": {"core", "apis"},
    "web": {"core", "web", "version"},
    "settings": {"core"},
    "version": set(),
    "seed": {"core", "apis", "seed"},
    "seed_ctrlai": {"core", "apis", "seed_ctrlai"},
    "schema": {"app", "core", "settings", "web"},
    "app": {"core", "apis", "faults", "verdicts", "web", "settings", "version"},
    "testing": {"core", "apis", "verdicts", "web", "settings", "version", "app", "testing"},
    "terminal": {"terminal", "version"},
    "diff": {"core", "apis", "web", "settings", "app", "testing", "terminal", "diff"},
    "cli": {
        "core",
        "web",
        "settings",
        "version",
        "app",
        "seed",
        "seed_ctrlai",
        "terminal",
        "replay",
        "repertoire",
        "diff",
    },
    "repertoire": {"app", "core", "settings", "terminal", "web"},
    "replay": {"app", "core", "settings", "terminal", "web"},
    "__main__": {"cli"},
    "__init__": {"settings", "version", "app"},
}


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def part_of(module):
    """Return the part of the package that a module belongs to."""
    steps = module.split(".")
    return steps[1] if len(steps) > 1 else "__init__"


def imports_of(path):
    """Yield every module that a file imports, wherever in the file, for typing alone included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from submodules(node.module, [each.name for each in node.names])


def submodules(module, names):
    """Return what `from module import names` loads: the submodules among the names, else the module."""
    folder = ROOT / Path(*module.split("."))
    inner = [f"{module}.{name}" for name in names if (folder / f"{name}.py").is_file() or (folder / name).is_dir()]
    return inner if inner and len(inner) == len(names) else [module, *inner]


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_module_imports_only_what_lies_below_it(path):
    part = part_of(module_of(path))
    used = {part_of(each) for each in imports_of(path) if each.split(".")[0] == "sandbox"}
    assert used <= MAY_IMPORT[part] | ({part} if path.name != "__init__.py" or part != "__init__" else set())


@pytest.mark.parametrize(
    "path", [each for each in FILES if "core" in each.parts and each.name != "__init__.py"], ids=module_of
)
def test_a_core_module_imports_only_those_above_it(path):
    place = CORE_ORDER.index(path.stem)
    used = [each.split(".")[2] for each in imports_of(path) if each.startswith("sandbox.core.")]
    assert all(CORE_ORDER.index(each) < place for each in used)


@pytest.mark.parametrize(
    "path", [each for each in FILES if {"core", "apis", "faults", "verdicts"} & set(each.parts)], ids=module_of
)
def test_nothing_but_the_rim_touches_the_world_outside(path):
    assert not {each.split(".")[0] for each in imports_of(path)} & AMBIENT


@pytest.mark.parametrize("path", [each for each in FILES if "core" in each.parts or "web" in each.parts], ids=module_of)
def test_neither_core_nor_web_knows_the_name_of_an_api(path):
    text = path.read_text().lower()
    assert "aikraft" not in text
    assert "ctrlai" not in text


def test_the_apis_never_import_each_other():
    for path in (each for each in FILES if "apis" in each.parts and len(each.parts) > len(SANDBOX.parts) + 2):
        own = path.relative_to(SANDBOX / "apis").parts[0]
        others = {each.split(".")[2] for each in imports_of(path) if each.startswith("sandbox.apis.")}
        assert others <= {own}


def test_no_imports_form_a_circle():
    graph = {module_of(path): {each for each in imports_of(path) if each.startswith("sandbox.")} for path in FILES}
    done, walking = set(), []

    def walk(module):
        assert module not in walking, f"circle: {' -> '.join([*walking, module])}"
        if module in done or module not in graph:
            return
        walking.append(module)
        for each in sorted(graph[module]):
            walk(each)
        done.add(walking.pop())

    for module in graph:
        walk(module)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_no_function_is_longer_than_fifty_lines_and_no_handler_catches_everything(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno < 50, f"{node.name} is too long"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert getattr(node.type, "id", "") not in ("Exception", "BaseException")
        assert not isinstance(node, (ast.Global, ast.Assert))


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_no_file_is_longer_than_three_hundred_and_twenty_lines(path):
    assert path.read_text().count("\n") <= 320


def public_definitions():
    for path in FILES:
        tree = ast.parse(path.read_text())
        yield path, tree
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield path, node
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
                yield path, node


def test_everything_public_has_a_docstring():
    bare = [
        f"{path.name}: {getattr(node, 'name', 'module')}"
        for path, node in public_definitions()
        if not ast.get_docstring(node)
    ]
    assert bare == []


def test_the_public_face_is_what_all_says():
    import sandbox

    assert sorted(sandbox.__all__) == ["Settings", "__version__", "create_app"]
    assert all(getattr(sandbox, name) is not None for name in sandbox.__all__)


def test_the_core_readme_lists_the_modules_in_import_order():
    text = (SANDBOX / "core" / "README.md").read_text()
    places = [text.index(f"`{name}`") for name in CORE_ORDER]
    assert places == sorted(places)
