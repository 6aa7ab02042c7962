"""A training preset that a person edits in the UI."""

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field

from lamina.training.profiles import Profile


class TrainingProfile(Block):
    """The numbers of one way of training; the document's name is what a run's form asks for."""

    _block_type_name: ClassVar[str] = "Training profile"
    _block_type_slug: ClassVar[str] = "lamina-training-profile"
    _description: ClassVar[str] = (
        "Rank, targets, learning rate, epochs and the rest. Runs name the document, such as "
        "level2; layers whose numbers changed are trained anew."
    )
    _code_example: ClassVar[str] = (
        "```python\n"
        "from lamina.training.profiles import profile\n\n"
        'TrainingProfile(values=profile("level2", epochs=5)).save("level2", overwrite=True)\n'
        "```"
    )

    values: Profile = Field(title="Values", description="every number of the recipe")
