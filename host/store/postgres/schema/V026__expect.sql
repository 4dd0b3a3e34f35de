-- What a statement of the host says when it did not find what it was to change: the transaction fails
-- with a state of its own.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (26);

CREATE FUNCTION expect(holds boolean, state text, why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = why;
    END IF;
END $$;
