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
INSERT INTO "meta" VALUES('config','"{\"name\":\"pull\",\"mode\":\"pull\",\"rate\":0,\"rateText\":\"\",\"bucketSize\":0,\"maxConcurrentRequests\":0,\"retry\":{\"minBackoff\":0.1,\"maxBackoff\":3600,\"maxDoublings\":16},\"acl\":[],\"tombstoneTtl\":777600,\"keepFailed\":604800}"');
INSERT INTO "meta" VALUES('listed','true');
INSERT INTO "meta" VALUES('name','"pull"');
INSERT INTO "meta" VALUES('schema','8');
CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   ) WITHOUT ROWID;
INSERT INTO "names" VALUES('free','live',3360939349291008,NULL,NULL);
INSERT INTO "names" VALUES('leased','live',3360939349192704,NULL,NULL);
CREATE TABLE outbox (key INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE results (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     type TEXT,
     body BLOB NOT NULL
   );
CREATE TABLE tags (tag TEXT, key INTEGER, PRIMARY KEY (tag, key)) WITHOUT ROWID;
INSERT INTO "tags" VALUES('t',3360939349192704);
INSERT INTO "tags" VALUES('t',3360939349291008);
CREATE TABLE tasks (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   , lease INTEGER);
INSERT INTO "tasks" VALUES(3360939349192704,'leased',1,2524609033299,'{"tag":"t"}','{"retryCount":1,"executionCount":0,"attempts":[],"firstStartedAt":2524609033312,"leasedAt":2524609033312}','p',2525209033312);
INSERT INTO "tasks" VALUES(3360939349291008,'free',1,2524609033323,'{"tag":"t"}',NULL,X'000102',NULL);
