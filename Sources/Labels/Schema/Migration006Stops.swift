/// That somebody asked a run to stop: a job that was ended by anything else is started again.
let migration006Stops = """
    ALTER TABLE runs ADD COLUMN stop_requested_at INTEGER;
    """
