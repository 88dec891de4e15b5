-- Before the oldest row that is kept, some may have been; before this one there was none.
INSERT INTO changes (transaction, kind, subject) VALUES (0, 'machine', '');
