ALTER TABLE store_fence DROP COLUMN agents;
DROP TABLE plugin_bundle_parts;
DROP TABLE plugin_bundles;
