-- The roles stay, without rights: another database of the cluster may have them too.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 25;

DO $$
DECLARE
    name text;
    policy text;
BEGIN
    FOR policy, name IN SELECT p.policyname, p.tablename FROM pg_policies AS p
            WHERE p.schemaname = current_schema() LOOP
        EXECUTE format('DROP POLICY %I ON %I', policy, name);
    END LOOP;
    FOR name IN SELECT c.relname FROM pg_class AS c
            WHERE c.relrowsecurity AND c.relnamespace = quote_ident(current_schema())::regnamespace LOOP
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO PUBLIC', current_schema());
    FOREACH name IN ARRAY ARRAY['orchestrator_app', 'orchestrator_readonly', 'orchestrator_operator'] LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), name);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM %I', current_schema(), name);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', current_schema(), name);
        EXECUTE format('ALTER ROLE %I IN DATABASE %I RESET search_path', name, current_database());
    END LOOP;
END $$;
