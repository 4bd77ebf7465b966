"""What central writes in its own book about electronic dossiers: references and hashes, never names or words."""

from devices.messages import Fact


class FileBroughtIn(Fact):
    """A file was put into a dossier; `sha256` names its blob, which is never altered."""

    case: str
    intake: int
    sha256: str
    size: int
    made_of: str = ""
    """SHA-256 of the file that the court made this one of; empty: it was brought as it is."""


class FileRefused(Fact):
    """A file that was brought in could not be taken; `why` is a code."""

    case: str
    intake: int
    why: str


class PagesRead(Fact):
    """Every page of what was brought in has been read; `digest` is over the hashes of their images, in order."""

    case: str
    intake: int
    pages: int
    failed: int
    digest: str


class DocumentConfirmed(Fact):
    """A person says that a document belongs at this item of the order."""

    case: str
    document: int
    item: int


class CatalogueChanged(Fact):
    """A person changed a catalogue; `revision` counts its changes."""

    case: str
    revision: int
    undone: bool = False


class DossierLocked(Fact):
    """A dossier is frozen; `catalogue` is the hash of the blob that lists every document and page with its hash."""

    case: str
    catalogue: str
    documents: int
    pages: int
