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
INSERT INTO "meta" VALUES('config','"{\"name\":\"pull\",\"mode\":\"pull\",\"rate\":0,\"rateText\":\"\",\"bucketSize\":0,\"maxConcurrentRequests\":0,\"retry\":{\"minBackoff\":0.1,\"maxBackoff\":3600,\"maxDoublings\":16},\"acl\":[],\"tombstoneTtl\":777600,\"keepFailed\":604800}"');
INSERT INTO "meta" VALUES('listed','true');
INSERT INTO "meta" VALUES('name','"pull"');
INSERT INTO "meta" VALUES('schema','7');
CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   ) WITHOUT ROWID;
INSERT INTO "names" VALUES('free','live',3360939285254144,NULL,NULL);
INSERT INTO "names" VALUES('leased','live',3360939284807680,NULL,NULL);
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
CREATE TABLE removed_queues (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE results (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     type TEXT,
     body BLOB NOT NULL
   );
CREATE TABLE tags (tag TEXT, key INTEGER, PRIMARY KEY (tag, key)) WITHOUT ROWID;
INSERT INTO "tags" VALUES('t',3360939284807680);
INSERT INTO "tags" VALUES('t',3360939285254144);
CREATE TABLE tasks (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   , lease INTEGER);
INSERT INTO "tasks" VALUES(3360939284807680,'leased',1,2524609017580,'{"tag":"t"}','{"retryCount":1,"executionCount":0,"attempts":[],"firstStartedAt":2524609017635,"leasedAt":2524609017635}','p',2525209017635);
INSERT INTO "tasks" VALUES(3360939285254144,'free',1,2524609017689,'{"tag":"t"}',NULL,X'000102',NULL);
