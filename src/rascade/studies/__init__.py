"""rascade.studies"""
