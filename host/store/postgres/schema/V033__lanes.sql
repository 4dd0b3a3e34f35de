-- Lanes that operators set (docs/adr/0061): what holds now, and each version of it that ever did. They are of all
-- tenants, as the hosts are.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (33);

CREATE TABLE lanes (
    lane_name varchar(128) COLLATE "C" PRIMARY KEY,
    version   bigint NOT NULL,
    members   text NOT NULL,
    said_by   text NOT NULL,
    said_in   varchar(128) COLLATE "C" NOT NULL,
    reason    text NOT NULL,
    said_at   timestamptz NOT NULL,
    CONSTRAINT chk_lane_version CHECK (version > 0)
);

CREATE TABLE lane_versions (
    lane_name varchar(128) COLLATE "C" NOT NULL,
    version   bigint NOT NULL,
    members   text NOT NULL,
    said_by   text NOT NULL,
    said_in   varchar(128) COLLATE "C" NOT NULL,
    reason    text NOT NULL,
    said_at   timestamptz NOT NULL,
    PRIMARY KEY (lane_name, version)
);

GRANT SELECT, INSERT, UPDATE ON lanes TO orchestrator_app;
GRANT SELECT, INSERT ON lane_versions TO orchestrator_app;
GRANT SELECT ON lanes, lane_versions TO orchestrator_readonly, orchestrator_operator;
