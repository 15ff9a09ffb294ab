"""rascade.model"""
