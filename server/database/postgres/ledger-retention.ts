/** Lines of the ledger may go once they are older than what is kept of it; no others, and none is changed. */
export const LEDGER_RETENTION = `
CREATE TABLE ledger_retention (id bigint PRIMARY KEY, before bigint NOT NULL);

DROP TRIGGER ledger_no_change ON ledger;
CREATE TRIGGER ledger_no_change BEFORE UPDATE OR TRUNCATE ON ledger
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ledger();
CREATE FUNCTION refuse_loss_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.at >= coalesce((SELECT before FROM ledger_retention WHERE id = 1), OLD.at) THEN
    RAISE EXCEPTION 'the ledger is append-only';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER ledger_no_loss BEFORE DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION refuse_loss_of_ledger();
`;
