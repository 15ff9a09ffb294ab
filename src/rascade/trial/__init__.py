"""rascade.trial"""
