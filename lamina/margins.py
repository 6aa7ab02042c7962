"""What counts as proof that a layer is worth serving: evidence, gain, harm."""

from pydantic import BaseModel, ConfigDict, Field


class Margins(BaseModel):
    """What a layer must show before it serves. Nats are per token; shares are 0 to 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        title="Level",
        description="of 100 layers that gain nothing, how many luck may promote, as a share; for "
        "several layers at once, of those promoted (Benjamini-Hochberg)",
    )
    questions: int = Field(
        12, ge=2, title="Questions", description="fewest of a topic's exam for D to decide"
    )
    documents: int = Field(
        5, ge=3, title="Documents", description="fewest that these, or the test text, come from"
    )
    gain_d: float = Field(0.1, ge=0, title="Gain in D", description="over the base, nats")
    gain_t: float = Field(
        0.02, ge=0, title="Gain in T", description="over the other layers' mean, nats"
    )
    harm_d: float = Field(
        0.1, gt=0, title="Harm in D", description="allowed on other topics' exams, nats"
    )
    harm_t: float = Field(
        0.02, gt=0, title="Harm in T", description="allowed on other topics' test text, nats"
    )
    harm_g: float = Field(
        0.1, gt=0, le=1, title="Harm in G", description="allowed on generated answers elsewhere"
    )
    loss_d: float = Field(
        0.3, gt=0, title="Loss in D", description="allowed against the version that serves, nats"
    )
    loss_t: float = Field(
        0.05, gt=0, title="Loss in T", description="allowed against the version that serves, nats"
    )

    @property
    def in_words(self) -> str:
        """What is in force, for a report."""
        return (
            f"level {self.level:g}; D decides from {self.questions} questions of {self.documents} "
            f"documents on, else T; gain above {self.gain_d:g} (D), {self.gain_t:g} (T) nats a "
            f"token; allowed elsewhere {self.harm_d:g} (D), {self.harm_t:g} (T) nats, "
            f"{100 * self.harm_g:g} points (G); allowed against the version that serves "
            f"{self.loss_d:g} (D), {self.loss_t:g} (T) nats"
        )

    def gain(self, kind: str) -> float:
        """What a gain at home must exceed."""
        return {"D": self.gain_d, "T": self.gain_t, "G": self.harm_g}[kind]

    def harm(self, kind: str) -> float:
        """What may be lost elsewhere."""
        return {"D": self.harm_d, "T": self.harm_t, "G": self.harm_g}[kind]

    def loss(self, kind: str) -> float:
        """What may be lost against the version that serves."""
        return {"D": self.loss_d, "T": self.loss_t, "G": self.harm_g}[kind]
