"""The suite tried on servers that lie, and on honest ones that differ: a level a module, and rows that say what came of it."""
