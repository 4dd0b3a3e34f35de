DROP TABLE lane_versions;
DROP TABLE lanes;
