CREATE TABLE "accepted_groups" (
     grp TEXT PRIMARY KEY,
     batch INTEGER NOT NULL,
     cancelled INTEGER NOT NULL
   ) WITHOUT ROWID;
INSERT INTO "accepted_groups" VALUES('half',0,0);
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
INSERT INTO "group_events" VALUES(1,'half','[{"index":0,"name":"half-a","state":"done","result":{"type":"application/json","text":"{\"fine\":true}"}}]');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('bucket','{"level":{"tokens":-1,"at":2524609033226},"shape":{"capacity":500,"rate":500}}');
INSERT INTO "meta" VALUES('config','"{\"name\":\"push\",\"mode\":\"push\",\"rate\":500,\"rateText\":\"500/s\",\"bucketSize\":500,\"maxConcurrentRequests\":1000,\"retry\":{\"minBackoff\":0.1,\"maxBackoff\":3600,\"maxDoublings\":16},\"acl\":[],\"tombstoneTtl\":777600,\"keepFailed\":604800}"');
INSERT INTO "meta" VALUES('listed','true');
INSERT INTO "meta" VALUES('name','"push"');
INSERT INTO "meta" VALUES('schema','8');
INSERT INTO "meta" VALUES('sweepAt','2525386633231');
CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   ) WITHOUT ROWID;
INSERT INTO "names" VALUES('deleted','deleted',NULL,2525386633250,'{"createdAt":2524609033237,"endedAt":2524609033250,"progress":{"retryCount":0,"executionCount":0,"attempts":[]}}');
INSERT INTO "names" VALUES('done','done',NULL,2525386633231,'{"createdAt":2524609033224,"endedAt":2524609033231,"progress":{"retryCount":0,"executionCount":0,"attempts":[{"dueAt":2524609033224,"startedAt":2524609033226,"endedAt":2524609033231,"status":200}],"firstStartedAt":2524609033226}}');
INSERT INTO "names" VALUES('far','live',3371179348828160,NULL,NULL);
INSERT INTO "names" VALUES('half-a','done',NULL,2525386633434,'{"createdAt":2524609033426,"endedAt":2524609033434,"progress":{"retryCount":0,"executionCount":0,"attempts":[{"dueAt":2524609033426,"startedAt":2524609033431,"endedAt":2524609033434,"status":200}],"firstStartedAt":2524609033431}}');
INSERT INTO "names" VALUES('half-b','live',3371179349712896,NULL,NULL);
CREATE TABLE outbox (key INTEGER PRIMARY KEY, name TEXT NOT NULL);
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
INSERT INTO "tasks" VALUES(3371179348828160,'far',1,2524609033210,'{"kind":"json","headers":[["X-A","b"]]}',NULL,'{"a":1}',NULL);
INSERT INTO "tasks" VALUES(3371179349712896,'half-b',1,2524609033426,'{"url":"/ok","group":{"name":"half","index":1}}',NULL,NULL,NULL);
