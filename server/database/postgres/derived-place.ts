/** Which store has the files, and what it calls an upload that is under way there. */
export const DERIVED_PLACE = `
CREATE TABLE derived_place (id bigint PRIMARY KEY, place text NOT NULL, catalogue text NOT NULL);
ALTER TABLE upload ADD store_upload text;
`;
