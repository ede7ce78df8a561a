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
INSERT INTO "joined" VALUES('half',0,0);
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
INSERT INTO "meta" VALUES('bucket','{"level":{"tokens":-1,"at":2524609017268},"shape":{"capacity":500,"rate":500}}');
INSERT INTO "meta" VALUES('config','"{\"name\":\"push\",\"mode\":\"push\",\"rate\":500,\"rateText\":\"500/s\",\"bucketSize\":500,\"maxConcurrentRequests\":1000,\"retry\":{\"minBackoff\":0.1,\"maxBackoff\":3600,\"maxDoublings\":16},\"acl\":[],\"tombstoneTtl\":777600,\"keepFailed\":604800}"');
INSERT INTO "meta" VALUES('listed','true');
INSERT INTO "meta" VALUES('name','"push"');
INSERT INTO "meta" VALUES('schema','7');
INSERT INTO "meta" VALUES('sweepAt','2525386617287');
CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   ) WITHOUT ROWID;
INSERT INTO "names" VALUES('deleted','deleted',NULL,2525386617338,'{"createdAt":2524609017308,"endedAt":2524609017338,"progress":{"retryCount":0,"executionCount":0,"attempts":[]}}');
INSERT INTO "names" VALUES('done','done',NULL,2525386617287,'{"createdAt":2524609017256,"endedAt":2524609017287,"progress":{"retryCount":0,"executionCount":0,"attempts":[{"dueAt":2524609017256,"startedAt":2524609017268,"endedAt":2524609017287,"status":200}],"firstStartedAt":2524609017268}}');
INSERT INTO "names" VALUES('far','live',3371179283304448,NULL,NULL);
INSERT INTO "names" VALUES('half-a','done',NULL,2525386618079,'{"createdAt":2524609018053,"endedAt":2524609018079,"progress":{"retryCount":0,"executionCount":0,"attempts":[{"dueAt":2524609018053,"startedAt":2524609018071,"endedAt":2524609018079,"status":200}],"firstStartedAt":2524609018071}}');
INSERT INTO "names" VALUES('half-b','live',3371179286745088,NULL,NULL);
CREATE TABLE news (row INTEGER PRIMARY KEY, grp TEXT NOT NULL, entries TEXT NOT NULL);
INSERT INTO "news" VALUES(1,'half','[{"index":0,"name":"half-a","state":"done","result":{"type":"application/json","text":"{\"fine\":true}"}}]');
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
INSERT INTO "tasks" VALUES(3371179283304448,'far',1,2524609017213,'{"kind":"json","headers":[["X-A","b"]]}',NULL,'{"a":1}',NULL);
INSERT INTO "tasks" VALUES(3371179286745088,'half-b',1,2524609018053,'{"url":"/ok","group":{"name":"half","index":1}}',NULL,NULL,NULL);
