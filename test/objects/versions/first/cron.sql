CREATE TABLE failed (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     due INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   );
CREATE TABLE joined (
     grp TEXT PRIMARY KEY,
     part INTEGER NOT NULL,
     cancelled INTEGER NOT NULL
   ) WITHOUT ROWID;
CREATE TABLE known_queues (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE members (
     idx INTEGER PRIMARY KEY,
     queue TEXT NOT NULL,
     name TEXT,
     state TEXT NOT NULL,
     result TEXT,
     error TEXT
   );
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('name','"/cron"');
INSERT INTO "meta" VALUES('schema','7');
CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   ) WITHOUT ROWID;
CREATE TABLE news (row INTEGER PRIMARY KEY, grp TEXT NOT NULL, entries TEXT NOT NULL);
CREATE TABLE outbox (key INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE parts (number INTEGER PRIMARY KEY, queue TEXT NOT NULL, tasks TEXT NOT NULL);
CREATE TABLE recurring (
     name TEXT PRIMARY KEY,
     schedule TEXT NOT NULL,
     handled INTEGER NOT NULL,
     paused INTEGER NOT NULL,
     last TEXT
   ) WITHOUT ROWID;
INSERT INTO "recurring" VALUES('hourly','every 1 hours UTC',2524609016385,0,NULL);
INSERT INTO "recurring" VALUES('nightly','every day 03:00 UTC',2524609016385,1,NULL);
CREATE TABLE removed_queues (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE results (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     type TEXT,
     body BLOB NOT NULL
   );
CREATE TABLE tags (tag TEXT, key INTEGER, PRIMARY KEY (tag, key)) WITHOUT ROWID;
CREATE TABLE tasks (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   , lease INTEGER);
