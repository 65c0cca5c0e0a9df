"""Copies of pictures without the patient's identity (DICOM PS3.15 Annex E): headers cleaned, burned-in text masked."""
