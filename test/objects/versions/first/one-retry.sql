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
INSERT INTO "failed" VALUES(3363416545427456,'failed',1,2524609017389,2524609017534,'{"url":"/bad"}','{"retryCount":1,"executionCount":2,"attempts":[{"dueAt":2524609017389,"startedAt":2524609017406,"endedAt":2524609017434,"status":500,"error":"no"},{"dueAt":2524609017534,"startedAt":2524609017534,"endedAt":2524609017536,"status":500,"error":"no"}],"firstStartedAt":2524609017406,"serverErrorCount":2,"previousResponse":500,"retryReason":"handler answered 500"}',NULL);
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
INSERT INTO "meta" VALUES('bucket','{"level":{"tokens":-401,"at":2524609017406},"shape":{"capacity":100,"rate":500}}');
INSERT INTO "meta" VALUES('config','"{\"name\":\"one-retry\",\"mode\":\"push\",\"rate\":500,\"rateText\":\"500/s\",\"bucketSize\":100,\"maxConcurrentRequests\":1000,\"retry\":{\"minBackoff\":0.1,\"maxBackoff\":3600,\"maxDoublings\":16,\"limit\":1},\"acl\":[],\"tombstoneTtl\":777600,\"keepFailed\":604800}"');
INSERT INTO "meta" VALUES('listed','true');
INSERT INTO "meta" VALUES('name','"one-retry"');
INSERT INTO "meta" VALUES('schema','7');
INSERT INTO "meta" VALUES('sweepAt','2525213817536');
CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   ) WITHOUT ROWID;
INSERT INTO "names" VALUES('failed','failed',3363416545427456,2525386617536,'{"createdAt":2524609017389,"endedAt":2524609017536,"progress":{"retryCount":1,"executionCount":2,"attempts":[{"dueAt":2524609017389,"startedAt":2524609017406,"endedAt":2524609017434,"status":500,"error":"no"},{"dueAt":2524609017534,"startedAt":2524609017534,"endedAt":2524609017536,"status":500,"error":"no"}],"firstStartedAt":2524609017406,"serverErrorCount":2,"previousResponse":500,"retryReason":"handler answered 500"}}');
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
CREATE TABLE tasks (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   , lease INTEGER);
