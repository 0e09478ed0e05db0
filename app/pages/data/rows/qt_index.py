"""What the item models of this page share."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

Index = QModelIndex | QPersistentModelIndex

ROOT = QModelIndex()
"""The parent of a table's cells."""
