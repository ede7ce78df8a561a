CREATE TABLE "accepted_groups" (
     grp TEXT PRIMARY KEY,
     batch INTEGER NOT NULL,
     cancelled INTEGER NOT NULL
   ) WITHOUT ROWID;
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
CREATE TABLE "group_events" (row INTEGER PRIMARY KEY, grp TEXT NOT NULL, entries TEXT NOT NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('bucket','{"level":{"tokens":-401,"at":2524609033283},"shape":{"capacity":100,"rate":500}}');
INSERT INTO "meta" VALUES('config','"{\"name\":\"results\",\"mode\":\"push\",\"rate\":500,\"rateText\":\"500/s\",\"bucketSize\":100,\"maxConcurrentRequests\":1000,\"retry\":{\"minBackoff\":0.1,\"maxBackoff\":3600,\"maxDoublings\":16,\"limit\":0},\"acl\":[],\"tombstoneTtl\":60,\"keepFailed\":604800,\"keepResults\":true}"');
INSERT INTO "meta" VALUES('listed','true');
INSERT INTO "meta" VALUES('name','"results"');
INSERT INTO "meta" VALUES('schema','8');
INSERT INTO "meta" VALUES('sweepAt','2524609093287');
CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   ) WITHOUT ROWID;
INSERT INTO "names" VALUES('kept','done',3360939594903552,2524609093287,'{"createdAt":2524609033281,"endedAt":2524609033287,"progress":{"retryCount":0,"executionCount":0,"attempts":[{"dueAt":2524609033281,"startedAt":2524609033283,"endedAt":2524609033287,"status":200}],"firstStartedAt":2524609033283}}');
CREATE TABLE outbox (key INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE results (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     type TEXT,
     body BLOB NOT NULL
   );
INSERT INTO "results" VALUES(3360939594903552,'kept','application/json',X'7B2266696E65223A747275657D');
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
