"""What can go wrong, in one sentence a novelist understands.

Every failure that may reach the writer is a `WriterError`: a kind, which carries the sentence as a
template, and the fields that fill it. The interface translates the template; everything else may
simply print the error.
"""

from enum import Enum


class ErrorKind(Enum):
    """The sentences, one a kind; `{fields}` are filled by the `WriterError`."""

    # Files of the writer's
    FILE_MISSING = "There is no file “{path}”."
    FILE_UNREADABLE = "“{path}” cannot be read: {reason}."
    FILE_IS_FOLDER = "“{path}” is a folder; please choose a text file in it."
    FILE_BINARY = "“{path}” is not a text file, so it was left alone."
    FILE_TOO_LARGE = "“{path}” has {size_mb} MB; Writer opens texts of up to {limit_mb} MB."
    SAVE_FAILED = "“{path}” could not be saved: {reason}. Your text is still here."
    CHANGED_ON_DISK = "“{path}” was changed by another program; it was not overwritten."
    UNENCODABLE = "“{path}” is stored as {encoding}, which has no “{character}”."
    # Books
    BOOK_MISSING = "There is no book in “{path}”."
    BOOK_DAMAGED = "The book in “{path}” cannot be opened: {reason}. Nothing in it was changed."
    BOOK_FOLDER_TAKEN = "“{path}” is not empty; choose a new or an empty folder for the book."
    # History and backups
    PAST_UNREADABLE = "An earlier text in “{path}” cannot be read: {reason}. Today's is untouched."
    BACKUP_FAILED = "No backup was made in “{path}”: {reason}. The book itself is untouched."
    BACKUP_DAMAGED = "The backup “{path}” cannot be unpacked: {reason}. Nothing was overwritten."
    JOURNAL_FAILED = (
        "The journal of your typing in “{path}” cannot be written: {reason}. Until it can, texts "
        "are saved into their files at once; give an untitled text a name."
    )
    # Other formats
    EXPORT_FAILED = "“{path}” was not written: {reason}."
    IMPORT_FAILED = "“{path}” was not imported: {reason}."
    IMPORT_EMPTY = "There is no text to import in “{path}”."
    # Models
    MODEL_MISSING = "There is no model in “{path}”: {reason}."
    MODEL_DAMAGED = "The model in “{path}” cannot be used: {reason}."
    MODEL_READS_BOTH_SIDES = (
        "“{path}” fills gaps; it does not go on with a text. Choose another model."
    )
    PRECISION_UNAVAILABLE = "This machine cannot work in {precision}; choose another, or auto."
    MODEL_TOO_LARGE = (
        "“{path}” needs {needed} of memory, and {free} are free. "
        "Close other programs, or choose a smaller model."
    )
    MODEL_NOT_ADDED = "“{path}” was not added: {reason}."
    MODEL_NOT_REMOVED = "“{name}” was not removed: {reason}."
    # Settings
    SETTINGS_UNREADABLE = "The settings in “{path}” cannot be read: {reason}."
    SETTINGS_NEWER = "The settings in “{path}” are from a newer Writer; what is known here is used."
    SETTING_UNKNOWN = "There is no setting called “{name}”."
    SETTING_REPLACED = (
        "In “{path}” the setting “{name}” cannot be {value}: it takes {accepts}. "
        "Its default is used; the file as it was is kept beside it as .bak."
    )
    SETTING_INVALID = "The setting “{name}” cannot be {value}: it takes {accepts}."
    # Training
    BUDGET_MISSING = "Say how long to train: --tokens 10000000, or --minutes 60, or both."
    CORPUS_EMPTY = "There is nothing to train on in {paths}."
    CORPUS_TOO_SHORT = (
        "The text has {tokens} tokens; training needs at least {needed}. "
        "Add more text, or choose a smaller context."
    )
    CORPUS_ENCODING = (
        "“{path}” is not UTF-8 text (byte {place}). Save it as UTF-8, or leave it out."
    )
    CORPUS_JSON = "“{path}” is no list of texts: {reason}. It should be a JSON list of strings."
    TOKENIZER_OTHER = (
        "The vocabulary in “{path}” is not the model's: {reason}. "
        "Leave --tokenizer away to use the model's own."
    )
    TRAINING_DIVERGED = (
        "Training was stopped at step {step}: the loss is no longer a number. A checkpoint from "
        "before stands; go on from it with --resume and a lower --rate, or begin anew with one."
    )
    TRAINING_TOO_LARGE = (
        "This training needs about {needed} of memory, and {free} are free. Close other programs, "
        "or choose shorter windows with --window, or a smaller model."
    )
    TRAINING_OUT_OF_MEMORY = (
        "There is no memory left to train with, not even one window at once (step {step}). The "
        "checkpoint before it stands; close other programs, then go on with --resume."
    )
    TRAINING_RUNNING = "Another training is writing into “{path}”; wait for it, or choose another."
    CHECKPOINT_FAILED = (
        "The training could not be kept in “{path}”: {reason}. The checkpoint before it stands; "
        "make room, then go on with --resume."
    )
    OUTPUT_TAKEN = (
        "“{path}” already holds a training or a model. Choose an empty folder; or go on with "
        "--resume, or put the new model in its place with --replace."
    )
    SHAPE_GIVEN = (
        "The model in “{path}” has a shape already: {name} is {found}, and cannot become {value}. "
        "Leave that option away."
    )
    NETWORK_IMPOSSIBLE = "There can be no such network: {reason}."
    EXTENSION_BASELESS = "Say with --from which model's context is to be extended."
    EXTENSION_IMPOSSIBLE = "The context of “{path}” cannot be extended to {value} tokens: {reason}."
    OUTPUT_UNWRITABLE = "“{path}” cannot be written: {reason}."
    # Anything unforeseen, worded by the two boundaries that catch broadly
    INTERNAL = "Something went wrong inside Writer: {reason}. Your text is untouched."


class WriterError(Exception):
    """A failure that can be shown as it is.

    >>> str(WriterError(ErrorKind.FILE_MISSING, path="a.txt"))
    'There is no file “a.txt”.'
    """

    def __init__(self, kind: ErrorKind, **fields: object) -> None:
        super().__init__(kind.value.format(**fields))
        self.kind = kind
        self.fields = fields
