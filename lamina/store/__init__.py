"""The content-addressed store: written aside, verified, published by one rename.

Layout under the root:

    <kind>/<digest>/...      the artifact's files, `manifest.json` written last
    keys/<stage key>.json    which artifact a stage made from which inputs
    locks/<stage key>        held with flock while the stage runs; a dead holder frees it
    verified/<digest>.json   sizes and times of the files when they were last hashed; its own time
                             says when the artifact was last used
    tmp/                     drafts; a crash leaves them here and nowhere else
    cells/                   measurements that many runs share, in files that only grow (`ledger`)
    passages/                what study made of single pages, in such files, too

`store` is what others see; `layout` says where things lie, `lookup` finds and checks, `publish`
makes a draft an artifact, `receive` takes one in from elsewhere, `durable` writes files and links,
`locks` keeps two from doing one thing, `ledger` keeps what is measured bit by bit.
"""

from lamina.store.durable import point, see_on_disk, write_atomically
from lamina.store.layout import MANIFEST
from lamina.store.ledger import CELLS, PASSAGES, Ledger, entry
from lamina.store.locks import alone, in_use, is_held
from lamina.store.lookup import Stage
from lamina.store.receive import received
from lamina.store.store import Store

__all__ = [
    "CELLS",
    "MANIFEST",
    "PASSAGES",
    "Ledger",
    "Stage",
    "Store",
    "alone",
    "entry",
    "in_use",
    "is_held",
    "point",
    "received",
    "see_on_disk",
    "write_atomically",
]
