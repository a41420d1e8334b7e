"""The notes, in a database that lives as long as the process."""

from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

# One connection, used by the one thread that serves and by the one that made the tables.
engine = create_engine(
    "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
)


class Base(DeclarativeBase):
    """Of all tables."""


class Note(Base):
    """One text under a name."""

    __tablename__ = "notes"

    name: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


def create() -> None:
    """Make the tables."""
    Base.metadata.create_all(engine)


def keep(name: str, text: str) -> None:
    """Keep a note, in the place of one that has this name."""
    with Session(engine) as session:
        session.merge(Note(name=name, text=text))
        session.commit()


def find(name: str) -> str | None:
    """The text of a note."""
    with Session(engine) as session:
        return session.scalar(select(Note.text).where(Note.name == name))
