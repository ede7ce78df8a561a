CREATE TABLE accepted_groups (
  grp TEXT PRIMARY KEY,
  batch INTEGER NOT NULL,
  cancelled INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE expired (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     due INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   );
CREATE TABLE expiries (
     at INTEGER NOT NULL,
     name TEXT NOT NULL,
     PRIMARY KEY (at, name)
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
CREATE TABLE group_events (row INTEGER PRIMARY KEY, grp TEXT NOT NULL, entries TEXT NOT NULL);
CREATE TABLE key_levels (row INTEGER PRIMARY KEY, levels TEXT NOT NULL);
INSERT INTO "key_levels" VALUES(1,'[["a",0,2524609020000,2,0.016666666666666666]]');
CREATE TABLE key_limits (key TEXT PRIMARY KEY, limits TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "key_limits" VALUES('b','{"weight":3,"rate":"2/s"}');
CREATE TABLE known_queues (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE large_results (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  type TEXT,
  body BLOB NOT NULL
);
CREATE TABLE members (
     idx INTEGER PRIMARY KEY,
     queue TEXT NOT NULL,
     name TEXT,
     state TEXT NOT NULL,
     result TEXT,
     error TEXT
   );
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('bucket','{"level":{"tokens":0,"at":2524609020000},"shape":{"capacity":100,"rate":100}}');
INSERT INTO "meta" VALUES('config','"{\"name\":\"unlimited\",\"mode\":\"push\",\"rate\":100,\"rateText\":\"100/s\",\"bucketSize\":100,\"maxConcurrentRequests\":1000,\"retry\":{\"minBackoff\":0.1,\"maxBackoff\":3600,\"maxDoublings\":16},\"acl\":[],\"tombstoneTtl\":777600,\"keepFailed\":604800,\"keys\":{\"rate\":0.016666666666666666,\"rateText\":\"1/m\",\"bucketSize\":2,\"maxConcurrentRequests\":null,\"weight\":1,\"perKey\":[]}}"');
INSERT INTO "meta" VALUES('lines','true');
INSERT INTO "meta" VALUES('listed','true');
INSERT INTO "meta" VALUES('name','"unlimited"');
INSERT INTO "meta" VALUES('schema','11');
INSERT INTO "meta" VALUES('sweepAt','2525386620000');
CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   , type TEXT, body BLOB) WITHOUT ROWID;
INSERT INTO "names" VALUES('a0','done',NULL,2525386620000,'{"createdAt":2524609020000,"endedAt":2524609020000,"progress":{"retryCount":0,"executionCount":0,"attempts":[{"dueAt":2524609020000,"startedAt":2524609020000,"endedAt":2524609020000,"status":200}],"firstStartedAt":2524609020000}}',NULL,NULL);
INSERT INTO "names" VALUES('a1','done',NULL,2525386620000,'{"createdAt":2524609020000,"endedAt":2524609020000,"progress":{"retryCount":0,"executionCount":0,"attempts":[{"dueAt":2524609020000,"startedAt":2524609020000,"endedAt":2524609020000,"status":200}],"firstStartedAt":2524609020000}}',NULL,NULL);
INSERT INTO "names" VALUES('a2','live',3360939294720002,NULL,NULL,NULL,NULL);
INSERT INTO "names" VALUES('a3','live',3360939294720003,NULL,NULL,NULL,NULL);
INSERT INTO "names" VALUES('b0','live',3360954060800000,NULL,NULL,NULL,NULL);
INSERT INTO "names" VALUES('plain','live',3360954060800002,NULL,NULL,NULL,NULL);
INSERT INTO "names" VALUES('urgent','live',3360954060800001,NULL,NULL,NULL,NULL);
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
CREATE TABLE successors (
     name TEXT PRIMARY KEY,
     due INTEGER NOT NULL,
     created INTEGER NOT NULL,
     spec TEXT,
     body BLOB
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
   , lease INTEGER, line TEXT, priority INTEGER);
INSERT INTO "tasks" VALUES(3360939294720002,'a2',1,2524609020000,'{"key":"a"}',NULL,NULL,NULL,'a',4);
INSERT INTO "tasks" VALUES(3360939294720003,'a3',1,2524609020000,'{"key":"a"}',NULL,NULL,NULL,'a',4);
INSERT INTO "tasks" VALUES(3360954060800000,'b0',1,2524609025000,'{"key":"b","priority":1}',NULL,NULL,NULL,'b',1);
INSERT INTO "tasks" VALUES(3360954060800001,'urgent',1,2524609025000,'{"priority":0}',NULL,NULL,NULL,'',0);
INSERT INTO "tasks" VALUES(3360954060800002,'plain',1,2524609025000,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE INDEX lines ON tasks (line, priority) WHERE line IS NOT NULL;
CREATE VIEW joined AS SELECT grp, batch AS part, cancelled FROM accepted_groups;
CREATE VIEW news AS SELECT row, grp, entries FROM group_events;
CREATE VIEW results AS
    SELECT key, name, type, body FROM large_results
    UNION ALL SELECT -1, name, type, body FROM names WHERE body IS NOT NULL;
CREATE TRIGGER joined_remove INSTEAD OF DELETE ON joined BEGIN
     DELETE FROM accepted_groups WHERE grp = old.grp;
   END;
CREATE TRIGGER news_put INSTEAD OF INSERT ON news BEGIN
     INSERT OR REPLACE INTO group_events (row, grp, entries) VALUES (new.row, new.grp, new.entries);
   END;
CREATE TRIGGER news_remove INSTEAD OF DELETE ON news BEGIN
     DELETE FROM group_events WHERE row = old.row;
   END;
CREATE TRIGGER results_put INSTEAD OF INSERT ON results BEGIN
    INSERT INTO large_results (key, name, type, body)
      VALUES (new.key, new.name, new.type, new.body);
  END;
CREATE TRIGGER results_remove INSTEAD OF DELETE ON results BEGIN
    DELETE FROM large_results WHERE key = old.key;
  END;
