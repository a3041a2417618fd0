-- One relation, read once, as the first version wrote it.
INSERT INTO schema_steps VALUES (1);
INSERT INTO systems VALUES (1, 'cmdb', '{"CI_RELATION":"2026-09-21T14:13:20Z"}');
INSERT INTO states VALUES (1, 1, '{"good":["CI_RELATION"],"gaps":[]}');
INSERT INTO readings VALUES (1, 1, 1790000000000000, 1790000000000000, 1);
INSERT INTO reach VALUES (1, 1790000000000000);
INSERT INTO lists VALUES (1, 1, 'ci_relations', x'');
INSERT INTO records VALUES (1, '007', 1, x'9c0bf0cc5d3bf99232e56c44d7b9ccef');
INSERT INTO observations VALUES (1, 1, x'9c0bf0cc5d3bf99232e56c44d7b9ccef', NULL, x'85ccbb0a80301403d05f91cc0e8283d0595715c459fab860b1de8a1641a4ff6e0577c72487dcd0b37506e286f6cca483df21a057a3908365b027a55c22e6b0bfac28aa172e961345ddf44d5b0f53d726e3a422f796b4119b23f32cc47890c9d495d64deec4e1effe53313e');
