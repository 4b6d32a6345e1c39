"""The words of the field as immutable typed data. No input or output happens here."""
