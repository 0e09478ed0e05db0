"""Small valid objects for tests."""

from engine.contract.methods.prefix import PrefixMethod
from engine.contract.specs.data import Column, DataSpec, Mapping, Role
from engine.contract.specs.run import RunSpec

RUN_ID = "20260101-120000-abcd"
MAPPING = Mapping((Column("name", Role.FIELD), Column("text", Role.TARGET)))
SPEC = RunSpec(
    run_id=RUN_ID,
    backbone="smollm2-135m-instruct",
    method=PrefixMethod(),
    data=DataSpec("../../datasets/walks.sqlite", "f" * 64, MAPPING),
)
